/**
 * Which batches a session was trained on, from the log of a node that is stopped. The lineage alone does not tell:
 * a decision names who was counted, not who was given a lane, and the lanes depend on everybody who was.
 */
import assert from "node:assert/strict";
import { ControlMachine } from "../consensus/control/index.js";
import { changeConfiguration, decodeConfChange } from "../consensus/raft/index.js";
import { LevelRaftStorage } from "../consensus/storage/index.js";
import { decisionDigest } from "../consensus/votes/index.js";
import { contextOf, SpecCache } from "../daemon/rounds/context.js";
import { openStore } from "../daemon/store/index.js";
import { verifySignature } from "../protocol/index.js";
import type { Hash } from "../protocol/types.js";
import { consume } from "../training/lanes/index.js";
import type { BatchRange } from "../training/types.js";

export interface Replay {
  /** Every batch of a counted update, in the order of the versions. */
  readonly batches: readonly number[];
  /** Those below the cursor that are still to be done. */
  readonly holes: readonly number[];
  readonly next: number;
  /** Digest of each decision, by height. */
  readonly decisions: readonly Hash[];
}

/**
 * Applies the log from its beginning, as every node does, and holds each version's cursor against the batches that
 * its updates did from the front of their lanes.
 * @throws AssertionError when they differ, or when the log does not reach back to its beginning
 */
export async function replay(dataDir: string, swarm: string, formation: Hash): Promise<Replay> {
  const { configuration: founders, entries } = await committedLog(dataDir);
  const machine = new ControlMachine({ swarm, formation, voters: founders.voters }, verifySignature);
  const specs = new SpecCache();
  let configuration = founders;
  machine.configure(configuration, { index: 1, term: 1 });
  const batches: number[] = [];
  const decisions: Hash[] = [];
  for (const entry of entries) {
    if (entry.kind === "config") {
      configuration = changeConfiguration(configuration, decodeConfChange(entry.data));
      machine.configure(configuration, entry);
      continue;
    }
    if (entry.kind === "noop") continue;
    const { session } = machine.state;
    const outcome = machine.apply(entry.data, entry);
    if (outcome.kind !== "applied" || outcome.version === null) continue;
    const { decision } = outcome.version;
    const context = contextOf(session, session === null ? null : specs.get(session).spec);
    assert.ok(context, `no round was open for version ${decision.height}`);
    const { cursor, lanes } = context;
    for (const { peer, steps } of decision.updates) {
      const lane = numbersIn(lanes.get(peer) ?? []);
      assert.ok(steps > 0 && steps <= lane.length, `${peer} did ${steps} of ${lane.length} batches`);
      batches.push(...lane.slice(0, steps));
    }
    const steps = new Map(decision.updates.map((update) => [update.peer, update.steps]));
    assert.deepEqual(
      decision.cursor,
      consume(cursor, lanes, steps),
      `the cursor of version ${decision.height}`,
    );
    decisions.push(decisionDigest(decision));
  }
  const cursor = machine.state.session?.cursor ?? { next: 0, holes: [] };
  return { batches, holes: numbersIn(cursor.holes), next: cursor.next, decisions };
}

async function committedLog(dataDir: string) {
  const logger = { info: () => undefined, warn: () => undefined };
  const createIdentity = () => assert.fail(`${dataDir} is not the folder of a node`);
  const store = await openStore(dataDir, { logger, createIdentity });
  try {
    const { hardState, snapshot, entries } = await new LevelRaftStorage(store.raft).initialState();
    assert.ok(snapshot !== null && snapshot.index === 1, "the log has been compacted");
    const committed = entries.filter((entry) => entry.index > 1 && entry.index <= hardState.commit);
    return { configuration: snapshot.configuration, entries: committed };
  } finally {
    await store.close();
  }
}

function numbersIn(ranges: readonly BatchRange[]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
}
