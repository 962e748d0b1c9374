/** The table of planted faults in docs/ROBUSTNESS.md: written by `npm run test:mutants -- --write`, checked by a test. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Outcome } from "../consensus/testing/mutants/catch.js";
import type { Mutant } from "../consensus/testing/mutants/index.js";

const DOCUMENT = fileURLToPath(new URL("../../docs/ROBUSTNESS.md", import.meta.url));
const BEGIN = "<!-- planted faults: written by `npm run test:mutants -- --write` -->\n";
const END = "<!-- planted faults: end -->\n";
const HEAD =
  "| fault | what the core does wrong | found by | first seed | seeds allowed |\n|---|---|---|---|---|\n";

/** The first seed is what the last complete run found; it moves whenever the simulation or the core does. */
export function rowOf({ name, what, withinSeeds }: Mutant, by: string, seed: string): string {
  return `| ${name} | ${what} | ${by} | ${seed} | ${withinSeeds} |\n`;
}

export function writeTable(outcomes: readonly Outcome[]): void {
  const rows = outcomes.map(({ mutant, caught }) => rowOf(mutant, `${caught?.by}`, `${caught?.seed}`));
  const [before, , after] = parts();
  writeFileSync(DOCUMENT, `${before}${BEGIN}${HEAD}${rows.join("")}${END}${after}`);
}

/** The rows as they stand there, without the head. */
export function readRows(): string[] {
  const [, table] = parts();
  return table
    .slice(HEAD.length)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => `${line}\n`);
}

function parts(): [before: string, table: string, after: string] {
  const text = readFileSync(DOCUMENT, "utf8");
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin)
    throw new RangeError(`${DOCUMENT} has no table between ${BEGIN.trim()} and ${END.trim()}`);
  return [text.slice(0, begin), text.slice(begin + BEGIN.length, end), text.slice(end + END.length)];
}
