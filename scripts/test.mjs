/**
 * `npm test`: sets up what is missing, checks format, lint and types, runs every test, and ends with a line
 * `N passed, N failed`. Arguments go to mocha: `npm test -- --grep raft`.
 */
import { join } from "node:path";
import { EVERY_TEST, runMocha } from "./lib/mocha.mjs";
import { ensureBuilt, ensureInstalled, ensureNode, must, ROOT } from "./lib/setup.mjs";

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
process.stdout.write(`\n${passed} passed, ${failed} failed${pending > 0 ? `, ${pending} skipped` : ""}\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
