/** Many seeds, one after the other, with the account of them. */
import { FAULT_KINDS, type FaultKind } from "./faults/chaos.js";
import type { SimOptions } from "./options.js";
import { type RunInit, type RunReport, runSeed } from "./run.js";
import { shrink } from "./shrink.js";

/** A line is printed after so many seeds. */
const LINE_SEEDS = 100;
/** From so many seeds on, every kind of fault must have happened: one that does not is not tested. */
const ALL_KINDS_SEEDS = 100;

interface Totals {
  seeds: number;
  failed: number;
  steps: number;
  versions: number;
  reads: number;
  settings: number;
  simulatedMs: number;
}

export class Batch {
  private readonly totals: Totals = {
    seeds: 0,
    failed: 0,
    steps: 0,
    versions: 0,
    reads: 0,
    settings: 0,
    simulatedMs: 0,
  };
  private readonly faults: Record<string, number> = {};
  private readonly startedAtMs = performance.now();
  private readonly startedCpu = process.cpuUsage();

  constructor(
    private readonly options: SimOptions,
    private readonly say: (line: string) => void,
  ) {}

  async run(): Promise<{ readonly passed: number; readonly failed: number }> {
    const { from, to, seconds } = this.options;
    for (let seed = from; seed <= to; seed++) {
      if (performance.now() - this.startedAtMs > 1000 * seconds) break;
      const init = this.initOf(seed);
      const report = await runSeed(init);
      this.add(report);
      if (report.failure !== null) await this.explain(init, report);
      if (from === to) this.say(`trace ${report.trace}`);
      if (this.totals.seeds % LINE_SEEDS === 0) this.sayTotals();
    }
    if (this.totals.seeds % LINE_SEEDS !== 0) this.sayTotals();
    const missing = this.missingKinds();
    if (missing.length > 0) {
      this.say(`never happened in ${this.totals.seeds} seeds: ${missing.join(", ")}`);
      this.totals.failed += 1;
    }
    const { seeds, failed } = this.totals;
    return { passed: Math.max(0, seeds - failed), failed };
  }

  private initOf(seed: number): RunInit {
    const { steps, nodes, without } = this.options;
    return { seed, steps, disabled: without, ...(nodes === null ? {} : { nodes }) };
  }

  private add(report: RunReport): void {
    const { totals } = this;
    totals.seeds += 1;
    if (report.failure !== null) totals.failed += 1;
    for (const key of ["steps", "versions", "reads", "settings", "simulatedMs"] as const)
      totals[key] += report[key];
    for (const [kind, count] of Object.entries(report.faults)) {
      this.faults[kind] = (this.faults[kind] ?? 0) + count;
    }
  }

  private missingKinds(): FaultKind[] {
    const { without } = this.options;
    if (this.totals.seeds < ALL_KINDS_SEEDS) return [];
    return FAULT_KINDS.filter((kind) => !without.has(kind) && !this.faults[kind]);
  }

  private sayTotals(): void {
    const { seeds, steps, versions, reads, settings, simulatedMs, failed } = this.totals;
    const seconds = (performance.now() - this.startedAtMs) / 1000;
    const cpu = process.cpuUsage(this.startedCpu);
    const cpuSeconds = (cpu.user + cpu.system) / 1e6;
    this.say(
      `${seeds} seeds, ${steps} steps in ${seconds.toFixed(0)} s (${Math.round(steps / cpuSeconds)} a second of CPU), ` +
        `${Math.round(simulatedMs / 1000)} s simulated, ${versions} versions, ${reads} reads, ${settings} settings, ${failed} failed`,
    );
    this.say(
      `  faults: ${Object.entries(this.faults)
        .sort()
        .map(([kind, count]) => `${kind} ${count}`)
        .join(", ")}`,
    );
  }

  private async explain(init: RunInit, report: RunReport): Promise<void> {
    this.say(`seed ${init.seed} failed in step ${report.steps}: ${report.failure?.message}`);
    const least = await shrink(init, report);
    // Once more, with what the nodes log.
    const { failure, steps } = await runSeed({ ...least.init, verbose: true });
    if (failure === null) return;
    this.say(
      `  least that fails (after ${least.runs} more runs): step ${steps} of the ${failure.phase} phase`,
    );
    this.say(`  ${failure.message}`);
    this.say("  the last events (ms, node, event: role, term, last index, commit, applied, version):");
    for (const line of failure.tail) this.say(`    ${line}`);
    this.say("  the nodes then:");
    for (const line of failure.nodes) this.say(`    ${line}`);
    this.say(`  replay: ${commandOf(least.init)}`);
  }
}

export function commandOf({ seed, steps, nodes, disabled }: RunInit): string {
  const without =
    disabled === undefined || disabled.size === 0 ? "" : ` --without ${[...disabled].join(",")}`;
  return `npm run test:sim -- --seed ${seed} --steps ${steps}${nodes === undefined ? "" : ` --nodes ${nodes}`}${without}`;
}
