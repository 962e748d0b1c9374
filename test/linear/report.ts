/** What a run prints. */
import type { CheckerVerdict } from "./checker.js";
import type { FaultKind } from "./faults.js";
import type { Tally } from "./workload.js";

export interface Check {
  readonly what: string;
  /** Null: it holds. */
  readonly fault: string | null;
}

export function tallied(tallies: readonly Tally[]): Tally {
  const sum = (one: keyof Tally): number => tallies.reduce((total, tally) => total + tally[one], 0);
  return { ok: sum("ok"), conflict: sum("conflict"), fail: sum("fail"), unknown: sum("unknown") };
}

export function printTable(
  seed: number,
  { ok, conflict, fail, unknown }: Tally,
  faults: Readonly<Record<FaultKind, number>>,
  { verdict, seconds }: CheckerVerdict,
): void {
  const columns = {
    seed,
    operations: ok + fail + unknown,
    ok,
    "of them conflicts": conflict,
    fail,
    unknown,
    kills: faults.kill,
    pauses: faults.pause,
    partitions: faults.cut,
    verdict,
    checked: `${seconds.toFixed(2)} s`,
  };
  const widths = Object.entries(columns).map(([name, value]) => Math.max(name.length, String(value).length));
  const line = (cells: readonly unknown[]): string =>
    `| ${cells.map((cell, i) => String(cell).padStart(widths[i] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => `${"-".repeat(width + 1)}:`).join("|")}|`;
  console.log(`\n${line(Object.keys(columns))}\n${rule}\n${line(Object.values(columns))}`);
}
