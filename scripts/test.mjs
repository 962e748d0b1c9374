/**
 * `npm test`: sets up what is missing, checks format, lint and types, runs every test, and ends with the line
 * `N passed, N failed`, whatever happened. Arguments go to mocha: `npm test -- --grep raft`.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
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
// Given here and not in .mocharc.json, whose specs would be added to those of any other run of mocha.
const SPEC = "dist/{daemon,protocol,consensus,training,scripts,test}/**/*.test.js";
const mocha = [
  join(ROOT, "node_modules/mocha/bin/mocha.js"),
  ...(args.some((a) => a.endsWith(".js")) ? [] : [SPEC]),
  ...args,
];
const c8 = [join(ROOT, "node_modules/c8/bin/c8.js"), process.execPath];
const child = spawn(process.execPath, coverage ? [...c8, ...mocha] : mocha, {
  cwd: ROOT,
  stdio: ["ignore", "pipe", "inherit"],
});

counts.failing = 0;
let rest = "";
child.stdout.on("data", (chunk) => {
  process.stdout.write(chunk);
  const lines = (rest + chunk).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) count(line);
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("close", (code) => {
  count(rest);
  if (code !== 0 && counts.failing === 0) counts.failing = 1;
  process.exitCode = code === 0 && counts.passing > 0 ? 0 : 1;
});

/** Mocha's closing lines: `  12 passing (3s)`, `  1 failing`, `  2 pending`. */
function count(line) {
  const match = /^\s*(\d+) (passing|failing|pending)\b/.exec(line);
  if (match) counts[match[2]] = Number(match[1]);
}
