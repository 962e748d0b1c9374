/** What one scenario came to, in a line: equal, different for a known reason, or not as expected. */
import { PARTS, type PartDifference } from "./compare.js";
import { KNOWN, type Known } from "./known.js";
import type { ScenarioResult } from "./scenario.js";

export type Verdict = "equal" | "known" | "unexpected";

export function verdictOn(name: string, result: ScenarioResult): Verdict {
  const known = KNOWN[name];
  const equal = PARTS.every((part) => result.differing[part].length === 0);
  if (known === undefined) return equal && result.end === null ? "equal" : "unexpected";
  return fits(known, result) ? "known" : "unexpected";
}

function fits(known: Known, { differing, end }: ScenarioResult): boolean {
  return (
    known.ends === (end !== null) &&
    PARTS.every((part) => differing[part].length === (known.differing[part] ?? 0))
  );
}

export function lineOn(name: string, result: ScenarioResult): string {
  const { compared, differing, end } = result;
  const equal = PARTS.filter((part) => differing[part].length === 0);
  const told = PARTS.filter((part) => differing[part].length > 0).map(
    (part) =>
      `${part} differ in ${differing[part].length} (line ${differing[part].map(({ line }) => line).join(", ")})`,
  );
  if (equal.length > 0) told.unshift(`${equal.join(", ")} equal`);
  const until = end === null ? "" : `; ends at line ${end.line}: ${end.why}`;
  return `testdata/${name}: ${compared} commands compared: ${told.join("; ")}${until}`;
}

/** Every difference, for whoever looks into one. */
export function detailsOf({ differing }: ScenarioResult): string[] {
  return PARTS.flatMap((part) =>
    differing[part].flatMap(({ line, command, differences }) => [
      `  line ${line}, ${command}: ${part}`,
      ...differences.flatMap(sides),
    ]),
  );
}

function sides({ subject, etcd, here }: PartDifference): string[] {
  const list = (texts: readonly string[]): string[] =>
    texts.length === 0 ? ["        nothing"] : texts.map((text) => `        ${text}`);
  return [`    ${subject}`, "      etcd:", ...list(etcd), "      here:", ...list(here)];
}
