/**
 * `npm run test:mutants`: plants faults in copies of the Raft core, one at a time, and checks that the simulation finds
 * each within the seeds that are allowed for it. Names after `--` pick some of them; `--write` puts the outcome into
 * docs/ROBUSTNESS.md. Ends with the line `N passed, N failed`.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { ensureBuilt, ensureInstalled, ensureNode, ROOT } from "./lib/setup.mjs";

const { values: flags, positionals: names } = parseArgs({
  options: { write: { type: "boolean", default: false } },
  allowPositionals: true,
});

ensureNode();
ensureInstalled();
ensureBuilt();
const load = (file) => import(pathToFileURL(join(ROOT, "dist", file)).href);
const { MUTANTS } = await load("consensus/testing/mutants/index.js");
const { catchMutant } = await load("consensus/testing/mutants/catch.js");
const { writeTable } = await load("scripts/mutant_table.js");

const unknown = names.find((name) => !MUTANTS.some((mutant) => mutant.name === name));
if (unknown !== undefined || (flags.write && names.length > 0)) {
  process.stderr.write(
    unknown === undefined
      ? "--write needs the outcome of all mutants, so name none of them\n"
      : `no mutant is named ${unknown}; there are ${MUTANTS.map(({ name }) => name).join(", ")}\n`,
  );
  process.exit(2);
}

const outcomes = [];
for (const mutant of MUTANTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const started = performance.now();
  const outcome = await catchMutant(mutant);
  outcomes.push(outcome);
  const { caught, fault } = outcome;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const where = caught === null ? "" : `seed ${caught.seed}, step ${caught.step}: ${caught.by}`;
  process.stdout.write(
    `${fault === null ? "ok  " : "FAIL"} ${mutant.name}: ${fault ?? where} (${seconds} s)\n`,
  );
  if (fault !== null && caught !== null) process.stdout.write(`${caught.message.split("\n", 1)[0]}\n`);
}

const failed = outcomes.filter(({ fault }) => fault !== null).length;
if (flags.write && failed === 0) writeTable(outcomes);
process.stdout.write(`\n${outcomes.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
