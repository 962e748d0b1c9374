/** Who takes part next: the nodes that are alive, able and wanted. Decided by the leader, committed with the round. */
import type { ControlState, Member } from "../../consensus/control/index.js";
import type { SessionSpec } from "../../training/session.js";

const sets = new WeakMap<readonly Member[], ReadonlySet<string>>();

/** Committed state is never changed in place: one set serves every question until the members change. */
export function isMember(state: Pick<ControlState, "members">, peer: string): boolean {
  let peers = sets.get(state.members);
  if (peers === undefined) {
    peers = new Set(state.members.map((m) => m.peer));
    sets.set(state.members, peers);
  }
  return peers.has(peer);
}

/** @returns sorted peer ids */
export function participantsOf(
  state: ControlState,
  spec: Pick<SessionSpec, "nodes"> | null,
  able: ReadonlySet<string>,
): string[] {
  const wanted = spec?.nodes ?? null;
  return [...able].filter((p) => isMember(state, p) && (wanted === null || wanted.includes(p))).sort();
}
