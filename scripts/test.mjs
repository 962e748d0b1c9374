/**
 * `npm test`: sets up what is missing, checks format, lint and types, runs every test, and ends with the line
 * `N passed, N failed`, whatever happened. Arguments go to mocha: `npm test -- --grep raft`.
 */
import { join } from "node:path";
import { EVERY_TEST, runMocha } from "./lib/mocha.mjs";
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
const { child, result } = runMocha([...(args.some((a) => a.endsWith(".js")) ? [] : [EVERY_TEST]), ...args], {
  command: coverage ? c8 : [process.execPath],
  show: (chunk) => process.stdout.write(chunk),
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));

const { passed, failed, pending } = await result;
Object.assign(counts, { passing: passed, failing: failed, pending });
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
