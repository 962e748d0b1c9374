/**
 * `npm run test:etcd [-- DIR] [--details]`: runs the data-driven files of the Go module go.etcd.io/raft/v3 against our
 * Raft. They are read from DIR (the module or Go's module cache); nothing of theirs is in this repository.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { confChangeRunner } from "./confchange_cases.js";
import { type Case, type Difference, differences, parseCases } from "./datadriven.js";
import { RULES } from "./interaction/compare.js";
import { KNOWN } from "./interaction/known.js";
import { detailsOf, lineOn, type Verdict, verdictOn } from "./interaction/report.js";
import { runScenario } from "./interaction/scenario.js";
import { goModuleCache, HOW_TO_GET_IT, MODULE, moduleIn } from "./module_folder.js";
import { runQuorumCase } from "./quorum_cases.js";

const USAGE_EXIT = 2;
const USAGE = "usage: npm run test:etcd [-- [DIR] [--details]], with DIR the module or Go's module cache";
const WORDS: Record<Verdict, string> = { equal: "pass", known: "differs", unexpected: "FAIL" };

interface Tally {
  passed: number;
  failed: number;
}

function exactFiles(folder: string, part: string, runner: () => (one: Case) => string, tally: Tally): void {
  for (const name of files(join(folder, part))) {
    const cases = read(folder, part, name);
    const found = differences(cases, runner());
    if (found.length === 0) tally.passed++;
    else tally.failed++;
    const verdict = found.length === 0 ? "pass" : "FAIL";
    console.log(`${verdict}  ${part}/${name}: ${cases.length - found.length} of ${cases.length} cases equal`);
    for (const one of found) console.log(shown(one));
  }
}

function scenarioFiles(folder: string, details: boolean, tally: Tally): void {
  console.log(
    "\nScenarios of several nodes: state, messages and entries after every command. By these rules:",
  );
  for (const rule of RULES) console.log(`- ${rule}`);
  console.log();
  let known = 0;
  for (const name of files(join(folder, "testdata"))) {
    const result = runScenario(read(folder, "testdata", name));
    const verdict = verdictOn(name, result);
    if (verdict === "equal") tally.passed++;
    else if (verdict === "known") known++;
    else tally.failed++;
    console.log(`${WORDS[verdict]}  ${lineOn(name, result)}`);
    if (verdict === "known") console.log(`  why: ${KNOWN[name]?.why}`);
    if (verdict === "unexpected" || (details && verdict === "known"))
      console.log(detailsOf(result).join("\n"));
  }
  console.log(
    `\n${known} scenarios differ for the reasons given; they count neither as passed nor as failed`,
  );
}

function files(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".txt"))
    .sort();
}

function read(...path: string[]): Case[] {
  return parseCases(readFileSync(join(...path), "utf8"));
}

function shown({ line, command, expected, actual }: Difference): string {
  return `  line ${line}, ${command}: etcd says\n${expected}  here it is\n${actual}`;
}

function main(): number {
  const options = { details: { type: "boolean", default: false } } as const;
  let parsed: { values: { details: boolean }; positionals: string[] };
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}; ${USAGE}`);
    return USAGE_EXIT;
  }
  const [given, ...more] = parsed.positionals;
  if (more.length > 0) {
    console.error(`${more.join(" ")} is too much; ${USAGE}`);
    return USAGE_EXIT;
  }
  const cache = given ?? goModuleCache();
  const folder = cache === null ? null : moduleIn(cache);
  if (folder === null) {
    const where = cache === null ? `no Go here to find ${MODULE} with` : `no ${MODULE} in ${cache}`;
    console.log(`${given === undefined ? "skipped: " : ""}${where}; ${HOW_TO_GET_IT}`);
    // A folder that was named must hold it; without one there is nothing to compare with.
    if (given !== undefined) return USAGE_EXIT;
    console.log("0 passed, 0 failed");
    return 0;
  }
  console.log(`${MODULE} in ${folder}`);
  const tally = { passed: 0, failed: 0 };
  exactFiles(folder, "quorum/testdata", () => runQuorumCase, tally);
  exactFiles(folder, "confchange/testdata", confChangeRunner, tally);
  scenarioFiles(folder, parsed.values.details, tally);
  console.log(`${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
}

process.exitCode = main();
