/**
 * `npm run test:raft`: the Raft core in simulated swarms under random faults, one run per seed.
 * `-- --seed 17` replays one seed, `--seeds 1..1000` runs many (by default 1..300), `--steps M` makes them longer.
 * Ends with the line `N passed, N failed`.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./lib/setup.mjs";

const DEFAULT_SEEDS = "1..300";
/** Failures that are told in full; the others by their first line. */
const TOLD_FAILURES = 3;
const PROGRESS_EVERY_SEEDS = 500;

const { values: flags } = parseArgs({
  options: { seed: { type: "string" }, seeds: { type: "string" }, steps: { type: "string" } },
});

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}

function whole(name, text) {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    fail(`--${name} is "${text}", but must be a whole number from 1 on`);
  return number;
}

function seedRange() {
  if (flags.seed !== undefined) return [whole("seed", flags.seed), whole("seed", flags.seed)];
  const text = flags.seeds ?? DEFAULT_SEEDS;
  const match = /^(\d+)\.\.(\d+)$/.exec(text);
  if (match === null) fail(`--seeds is "${text}", but must be two numbers such as 1..300`);
  const [from, to] = [whole("seeds", match[1]), whole("seeds", match[2])];
  if (from > to) fail(`--seeds is "${text}", but must not end before it begins`);
  return [from, to];
}

const [from, to] = seedRange();
ensureNode();
ensureInstalled();
ensureBuilt();
const load = (file) => import(pathToFileURL(join(ROOT, "dist/consensus/testing/raft_sim", file)).href);
const { RandomRun, DEFAULT_STEPS } = await load("random_run.js");
const { FAULTS } = await load("actions.js");
const steps = flags.steps === undefined ? DEFAULT_STEPS : whole("steps", flags.steps);

const counts = {};
const total = { committed: 0, reads: 0 };
let passed = 0;
let failed = 0;
const before = process.cpuUsage();
const started = performance.now();
for (let seed = from; seed <= to; seed++) {
  try {
    const report = new RandomRun(seed).run(steps);
    passed++;
    total.committed += report.committed;
    total.reads += report.reads;
    for (const [name, count] of Object.entries(report.counts)) counts[name] = (counts[name] ?? 0) + count;
    if (from === to) process.stdout.write(`trace ${report.trace}\n`);
  } catch (error) {
    failed++;
    process.stdout.write(`\n${failed <= TOLD_FAILURES ? error.message : error.message.split("\n", 1)[0]}\n`);
  }
  const done = seed - from + 1;
  if (done % PROGRESS_EVERY_SEEDS === 0) process.stdout.write(`${done} seeds, ${failed} failed\n`);
}

const { user, system } = process.cpuUsage(before);
const cpuSeconds = (user + system) / 1e6;
const seeds = to - from + 1;
const rate = Math.round((seeds * steps) / cpuSeconds);
process.stdout.write(
  `\n${seeds} seeds × ${steps} steps in ${((performance.now() - started) / 1000).toFixed(1)} s: ${rate} steps per CPU-second\n` +
    `${total.committed} entries committed, ${total.reads} reads answered\n` +
    `faults: ${FAULTS.map((name) => `${counts[name] ?? 0} ${name}`).join(", ")}\n\n` +
    `${passed} passed, ${failed} failed\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
