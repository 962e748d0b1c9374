/**
 * `npm test`: sets up what is missing, checks format, lint and types, runs every test, and ends with the line
 * `N passed, N failed`, whatever happened. Arguments go to mocha: `npm test -- --grep raft`.
 */
import { join } from "node:path";
import { EVERY_TEST, PROCESS_TESTS, runMocha, UNIT_TESTS } from "./lib/mocha.mjs";
import { ensureBuilt, ensureInstalled, ensureNode, must, ROOT } from "./lib/setup.mjs";

/** What mocha says; until it has, the run counts as one failure: of the installation, the linter or the compiler. */
const counts = { passing: 0, failing: 1, pending: 0 };
process.on("exit", () => {
  if (counts.pending > 0) process.stdout.write(`\n${counts.pending} skipped`);
  process.stdout.write(`\n${counts.passing} passed, ${counts.failing} failed\n`);
});

ensureNode();
ensureInstalled();
must(process.execPath, [
  join(ROOT, "node_modules/@biomejs/biome/bin/biome"),
  "ci",
  "--reporter=summary",
  ".",
]);
ensureBuilt();

const coverage = process.argv.includes("--coverage");
const args = process.argv.slice(2).filter((a) => a !== "--coverage");
const c8 = [process.execPath, join(ROOT, "node_modules/c8/bin/c8.js"), process.execPath];
const command = coverage ? c8 : [process.execPath];
const show = (chunk) => process.stdout.write(chunk);

// Those that start real nodes wait for them most of the time: they run beside the others, and are shown after them.
const wholeRun = args.length === 0 && !coverage;
const held = [];
const spec = args.some((a) => a.endsWith(".js")) ? [] : [EVERY_TEST];
const runs = wholeRun
  ? [
      runMocha([UNIT_TESTS], { command, show }),
      runMocha([PROCESS_TESTS], { command, show: (c) => held.push(c) }),
    ]
  : [runMocha([...spec, ...args], { command, show })];
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    for (const { child } of runs) child.kill(signal);
  });

const sum = { passing: 0, failing: 0, pending: 0 };
for (const { result } of runs) {
  const { passed, failed, pending } = await result;
  sum.passing += passed;
  sum.failing += failed;
  sum.pending += pending;
}
for (const chunk of held) show(chunk);
Object.assign(counts, sum);
process.exitCode = sum.failing === 0 && sum.passing > 0 ? 0 : 1;
