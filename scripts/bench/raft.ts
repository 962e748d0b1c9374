/** `npm run bench:raft [-- seconds repeats]`: the Raft core against etcd's, over libp2p, and by the number of followers. */
import { join } from "node:path";
import { median, printTable, spread } from "./lib.js";
import { learnerCost, learnerMemory, logMemory } from "./raft/followers.js";
import { overLibp2p } from "./raft/over_libp2p.js";
import { etcd, ours, PAYLOAD_BYTES } from "./raft/throughput.js";

const SECONDS = Number(process.argv[2] ?? 3);
const REPEATS = Number(process.argv[3] ?? 3);
const times = <T>(work: () => T): T[] => Array.from({ length: REPEATS }, work);
const thousands = (value: number): string => `${(value / 1000).toFixed(1)}k`;

// Before anything else has filled the heap.
const memory = [
  ["10,000 entries of 1 KiB, uncompacted, 3 voters", logMemory(10_000, 1024).toFixed(1)],
  ["3 voters and 1,000 learners", learnerMemory(1000).toFixed(1)],
];

const theirs = etcd(join(import.meta.dirname, "../../.."));
const rows: string[][] = [];
for (const voters of [3, 5]) {
  for (const batch of [1, 64]) {
    // One after the other in turn, so that a busy moment of the machine falls on both.
    const pairs = times(() => [ours(voters, batch, SECONDS), theirs?.(voters, batch, SECONDS) ?? Number.NaN]);
    const own = median(pairs.map(([value]) => value as number));
    const other = median(pairs.map(([, value]) => value as number));
    const ratios = pairs.map(([a, b]) => (a as number) / (b as number));
    rows.push([
      `${voters}`,
      `${batch}`,
      thousands(own),
      theirs === null ? "–" : thousands(other),
      theirs === null ? "–" : spread(ratios),
    ]);
  }
}
printTable(
  `Proposals of ${PAYLOAD_BYTES} bytes in memory, committed and applied on all nodes, per CPU-second (${REPEATS} × ${SECONDS} s each)`,
  ["voters", "batch", "here", "etcd's raft", "ratio (min / median / max)"],
  rows,
);

const network: string[][] = [];
for (const [voters, atOnce] of [
  [3, 1],
  [3, 64],
  [5, 1],
  [5, 64],
] as const) {
  const runs = [];
  for (let i = 0; i < REPEATS; i++) runs.push(await overLibp2p(voters, atOnce, SECONDS));
  network.push([
    `${voters}`,
    `${atOnce}`,
    median(runs.map((r) => r.commitsPerSecond)).toFixed(0),
    median(runs.map((r) => r.p50Ms)).toFixed(2),
    median(runs.map((r) => r.p99Ms)).toFixed(2),
  ]);
}
printTable(
  "Over libp2p on loopback, all nodes in one process, logs in LevelDB with fsync (medians)",
  ["voters", "proposals at once", "commits per second", "p50, ms", "p99, ms"],
  network,
);

const costs = [10, 100, 1000].map((learners) =>
  times(() => learnerCost(learners, Math.max(20, Math.round(4000 / learners)))),
);
printTable(
  "What one learner costs, by their number (3 voters; CPU of all cores together, medians)",
  ["learners", "per entry and learner, µs", "per tick and learner, µs", "messages per entry and learner"],
  costs.map((runs) => [
    `${runs[0]?.learners}`,
    median(runs.map((r) => r.entryMicros)).toFixed(1),
    median(runs.map((r) => r.tickMicros)).toFixed(1),
    median(runs.map((r) => r.messages)).toFixed(1),
  ]),
);
printTable("Memory, all cores in one process", ["what", "MiB"], memory);
