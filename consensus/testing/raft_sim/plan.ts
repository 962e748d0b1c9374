/** What a seed decides before the first step: how large the swarm is, how it is set, how its clocks go. */
import { raftOptions } from "../../raft/options.js";
import type { RaftOptions } from "../../raft/types.js";
import type { Seeded } from "../seeded.js";

export interface RunPlan {
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  /** Run but belong to nothing yet. */
  readonly spares: readonly string[];
  readonly options: RaftOptions;
  /** The slowest clock's rate over the fastest one's; null: ticks come as chance has it. */
  readonly clockRatio: number | null;
  /** Time goes on only when there is nothing to do: messages and disks are fast as compared with ticks. */
  readonly fast: boolean;
}

const ELECTION_TICKS = 10;
const NAMES = "abcdefghijklm";
/** Mostly committees of the sizes that people run; up to nine. */
const SIZES = [1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7, 9];
const MAX_OTHERS = 4;

export function drawPlan(random: Seeded): RunPlan {
  const count = random.pick(SIZES) ?? 3;
  const names = [...NAMES];
  const voters = names.splice(0, count);
  const others = names.splice(0, random.int(MAX_OTHERS + 1));
  const learners = others.filter(() => random.chance(0.3));
  const spares = others.filter((name) => !learners.includes(name));
  const options = drawOptions(random);
  return {
    voters,
    learners,
    spares,
    options,
    clockRatio: drawClocks(random, options),
    fast: random.chance(0.5),
  };
}

/** Small bounds, so that a short run meets all of them. */
function drawOptions(random: Seeded): RaftOptions {
  const reads = random.chance(0.4) ? "lease" : "safe";
  return raftOptions({
    electionTicks: ELECTION_TICKS,
    heartbeatTicks: random.pick([1, 1, 2]) ?? 1,
    preVote: random.chance(0.8),
    checkQuorum: reads === "lease" || random.chance(0.8),
    reads,
    leaseMarginTicks: random.pick([1, 2, 3]) ?? 2,
    maxPendingReads: random.pick([4, 32]) ?? 4,
    snapshotRetryTicks: 20,
    maxEntryBytes: 1024,
    maxAppendBytes: 1024,
    maxAppendEntries: 4,
    maxInflightAppends: 3,
    maxInflightBytes: 2048,
    snapshotChunkBytes: 1024,
    maxInflightChunks: 2,
    maxUncommittedBytes: 1024,
    maxApplyBytes: 1024,
    maxUnstoredReadys: random.pick([1, 2, 2, 4]) ?? 2,
    // A committee with a majority that holds nothing of the log can elect nobody, by design.
    allowBlankVoters: false,
  });
}

/** A lease holds as long as clocks differ by no more than its margin; nothing else depends on them. */
function drawClocks(random: Seeded, { reads, leaseMarginTicks }: RaftOptions): number | null {
  const worst = 1 - leaseMarginTicks / ELECTION_TICKS;
  if (reads === "lease") return random.pick([1, worst, worst]) ?? worst;
  return random.pick([null, null, 1, 0.3]) ?? null;
}
