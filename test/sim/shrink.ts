/**
 * The least that still fails: first without every kind of fault that is not needed, then with the shortest safety phase.
 * What fails need not be the same claim all the way; the last one found is what is reported.
 */
import { FAULT_KINDS, type FaultKind } from "./faults/chaos.js";
import { type RunInit, type RunReport, runSeed } from "./run.js";

/** Runs that it may cost. */
const RUNS_MAX = 60;

export interface Shrunk {
  readonly init: RunInit;
  readonly report: RunReport;
  readonly runs: number;
}

export async function shrink(init: RunInit, report: RunReport): Promise<Shrunk> {
  let best: Shrunk = { init, report, runs: 0 };
  let runs = 0;
  const attempt = async (next: RunInit): Promise<boolean> => {
    if (runs >= RUNS_MAX) return false;
    runs += 1;
    const result = await runSeed(next);
    if (result.failure === null) return false;
    best = { init: next, report: result, runs };
    return true;
  };
  for (const kind of FAULT_KINDS) {
    const disabled: ReadonlySet<FaultKind> = best.init.disabled ?? new Set();
    // What never happened cannot be the cause, and costs no run.
    const idle = best.report.faults[kind] === undefined;
    if (disabled.has(kind) || idle) continue;
    await attempt({ ...best.init, disabled: new Set([...disabled, kind]) });
  }
  // Found in the safety phase, the run ended with the step that showed it: none before it did.
  if (best.report.failure?.phase === "safety") {
    best = { ...best, init: { ...best.init, steps: best.report.steps } };
    return { ...best, runs };
  }
  let passes = 0;
  while (best.init.steps - passes > 1 && runs < RUNS_MAX) {
    const steps = passes + Math.floor((best.init.steps - passes) / 2);
    if (!(await attempt({ ...best.init, steps }))) passes = steps;
  }
  return { ...best, runs };
}
