/** What a stopped node's log comes to, applied without a Raft node: for looking at it, and for beginning a new one. */
import type { RaftApplier } from "../node/types.js";
import { changeConfiguration, decodeConfChange, membersIn } from "../raft/configuration.js";
import type { Configuration, Entry, StoredState } from "../raft/types.js";

export type ReplayApplier = Pick<RaftApplier, "apply" | "configChanged" | "restore">;

/** How far a log has been applied. */
export interface LogPosition {
  readonly index: number;
  readonly term: number;
  readonly configuration: Configuration;
}

/** The state of the snapshot, where every replay begins; null for a node that never belonged to a swarm. */
export function replaySnapshot(stored: StoredState, applier: ReplayApplier): LogPosition | null {
  const { snapshot } = stored;
  if (snapshot === null) return null;
  const { index, term, configuration, data } = snapshot;
  applier.restore(data);
  applier.configChanged(membersIn(configuration), index);
  return { index, term, configuration };
}

/** Applies the entries after `from` up to index `to`, as every node does. */
export async function replayEntries(
  stored: StoredState,
  from: LogPosition,
  to: number,
  applier: ReplayApplier,
): Promise<LogPosition> {
  let position = from;
  for (const entry of stored.entries) {
    if (entry.index <= from.index || entry.index > to) continue;
    const configuration = await applied(entry, position.configuration, applier);
    position = { index: entry.index, term: entry.term, configuration };
  }
  return position;
}

async function applied(entry: Entry, before: Configuration, applier: ReplayApplier): Promise<Configuration> {
  if (entry.kind === "normal") await applier.apply(entry);
  if (entry.kind !== "config") return before;
  const configuration = changeConfiguration(before, decodeConfChange(entry.data));
  applier.configChanged(membersIn(configuration), entry.index);
  return configuration;
}
