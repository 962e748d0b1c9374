/** What distinguishes one node of a run from another, and one life of it from the next: builds, clocks, options. */
import { type RaftNodeOptions, raftNodeOptions } from "../../../consensus/node/index.js";
import type { Seeded } from "../../../consensus/testing/seeded.js";
import type { Chaos } from "../faults/chaos.js";

/** How a node lies; each at most what a minority may do. */
export type Malice = "yesVoter" | "garbageVoter" | "wrongLeader" | "liar";

export interface Traits {
  readonly options: RaftNodeOptions;
  readonly clockRate: number;
  readonly wallOffsetMs: number;
  /** Of one inner step of its trainer. */
  readonly stepMs: number;
  /** Small payloads travel in the gossip on such a node. */
  readonly inlineUpdateMaxBytes: number;
  readonly keepVersions: number;
}

/** What all nodes of a swarm have to have in common. */
export interface SwarmTraits {
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly reads: RaftNodeOptions["reads"];
}

/** Clocks that differ by less than the margin that leases count on. */
const SKEW_MAX = 0.03;
const WALL_OFFSET_MS_MAX = 3_600_000;

export function drawTraits(swarm: SwarmTraits, chaos: Chaos): Traits {
  const clock = chaos.random("clockSkew");
  const skewed = chaos.level("clockSkew") > 0;
  const rate = 1 + SKEW_MAX * (2 * clock.next() - 1);
  const offset = WALL_OFFSET_MS_MAX * (2 * clock.next() - 1);
  if (skewed) chaos.happened("clockSkew");
  return {
    clockRate: skewed ? rate : 1,
    wallOffsetMs: skewed ? offset : 0,
    ...drawBuild(swarm, chaos),
  };
}

/** Builds differ in what they may differ in: sizes, bounds, how often a snapshot is taken. */
function drawBuild(swarm: SwarmTraits, chaos: Chaos) {
  const random = chaos.random("versionSkew");
  const small = chaos.level("versionSkew") > 0 && random.chance(0.7);
  const pick = <T>(usual: T, others: readonly T[]): T => (small ? (random.pick(others) ?? usual) : usual);
  if (small) chaos.happened("versionSkew");
  const options = raftNodeOptions({
    ...swarm,
    snapshotRetryTicks: 20,
    maxEntryBytes: 256 * 1024,
    snapshotEveryEntries: pick(40, [6, 15, 25]),
    keepEntries: pick(10, [0, 1, 5]),
    maxAppendEntries: pick(16, [1, 3]),
    maxInflightAppends: pick(8, [1, 2]),
    snapshotChunkBytes: pick(16_384, [1024, 4096]),
    maxInflightChunks: pick(4, [1, 2]),
    maxUnstoredReadys: pick(2, [1, 4, 8]),
    maxApplyBytes: pick(65_536, [1024]),
    maxWaiting: 500,
    maxInboxMessages: pick(512, [16, 64]),
  });
  return {
    options,
    stepMs: 10 + Math.floor(40 * drawn(random)),
    inlineUpdateMaxBytes: pick(0, [1024]),
    keepVersions: pick(3, [1, 2]),
  };
}

function drawn(random: Seeded): number {
  return random.next();
}
