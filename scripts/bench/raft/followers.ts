/** What learners cost the leader: by their number, in CPU time for an entry and for a heartbeat, and in memory. */
import { MemoryCluster } from "./memory_cluster.js";
import { PAYLOAD_BYTES } from "./throughput.js";

export interface LearnerCost {
  readonly learners: number;
  /** Of one committed entry, per learner, all sides together (their cores run in this process as well). */
  readonly entryMicros: number;
  /** Of one tick with its heartbeats and answers, per learner. */
  readonly tickMicros: number;
  /** Messages of the leader per entry and learner. */
  readonly messages: number;
}

const cpuMicros = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return user + system;
};

export function learnerCost(learners: number, entries: number): LearnerCost {
  const cluster = new MemoryCluster(3, learners);
  cluster.tick(2);
  const data = new Uint8Array(PAYLOAD_BYTES);
  for (let i = 0; i < entries / 4; i++) cluster.propose(data, 1);
  const { messages } = cluster;
  let before = process.cpuUsage();
  for (let i = 0; i < entries; i++) cluster.propose(data, 1);
  const entryMicros = cpuMicros(before) / entries / learners;
  const sent = (cluster.messages - messages) / entries / learners;
  before = process.cpuUsage();
  cluster.tick(entries);
  const tickMicros = cpuMicros(before) / entries / learners;
  if (!cluster.isLevel) throw new Error("not every learner has applied everything");
  return { learners, entryMicros, tickMicros, messages: sent };
}

const heapMiB = (): number => {
  // What the first finds unreachable, finalizers and all, only the second frees.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
};

/** @returns MiB that a leader and two followers hold for so many entries, uncompacted, which all three share here */
export function logMemory(entries: number, bytes: number): number {
  const cluster = new MemoryCluster(3);
  const before = heapMiB();
  for (let i = 0; i < entries; i++) cluster.propose(new Uint8Array(bytes), 1);
  const after = heapMiB();
  if (!cluster.isLevel) throw new Error("not everything was applied everywhere");
  return after - before;
}

/** @returns MiB that a swarm with so many learners takes, all its cores together */
export function learnerMemory(learners: number): number {
  new MemoryCluster(3, 1).tick(1);
  const before = heapMiB();
  const cluster = new MemoryCluster(3, learners);
  cluster.tick(2);
  const after = heapMiB();
  if (!cluster.isLevel) throw new Error("not every learner has applied everything");
  return after - before;
}
