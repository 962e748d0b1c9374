/** Runs one interaction file: every command on our nodes, what etcd expects beside it. */
import { type Case, valuesOf } from "../datadriven.js";
import { type Account, accountOf, differencesOf, PARTS, type Part, type PartDifference } from "./compare.js";
import { Environment, NoCounterpart } from "./environment.js";
import { readTrace } from "./read_trace.js";
import type { TraceEvent } from "./trace.js";

export interface CommandDifference {
  readonly line: number;
  readonly command: string;
  readonly differences: readonly PartDifference[];
}

export interface ScenarioResult {
  /** Commands whose output was compared. */
  readonly compared: number;
  /** The commands that differ. */
  readonly differing: Readonly<Record<Part, readonly CommandDifference[]>>;
  /** The command that our core has nothing for, where the run ended. */
  readonly end: { readonly line: number; readonly why: string } | null;
}

const QUIET = "none";

/** @throws RangeError for what cannot be understood */
export function runScenario(cases: readonly Case[]): ScenarioResult {
  const environment = new Environment();
  const comparison = new Comparison();
  let level = "";
  for (const one of cases) {
    if (one.command === "log-level") {
      level = (one.args[0]?.key ?? "").toLowerCase();
      continue;
    }
    const events = attempt(environment, one);
    if (events instanceof NoCounterpart) return comparison.result({ line: one.line, why: events.message });
    // Without log lines, etcd's output tells nothing of configurations either.
    if ((valuesOf(one.args, "log-level")[0] ?? level) === QUIET) {
      comparison.skip(events);
      continue;
    }
    comparison.take(one, readTrace(one), events, environment.isLate);
  }
  return comparison.result(null);
}

function attempt(environment: Environment, one: Case): ReturnType<Environment["run"]> | NoCounterpart {
  try {
    return environment.run(one);
  } catch (error) {
    if (error instanceof NoCounterpart) return error;
    throw error;
  }
}

/** One side's events of the commands that are compared together. */
class Side {
  events: TraceEvent[] = [];
  private readonly configurations = new Map<string, string>();

  take(events: readonly TraceEvent[]): void {
    this.events.push(...events.filter((event) => this.isNews(event)));
  }

  /** etcd tells of a configuration whenever one is set, be it the same. */
  isNews(event: TraceEvent): boolean {
    if (event.kind !== "configuration") return true;
    if (this.configurations.get(event.node) === event.text) return false;
    this.configurations.set(event.node, event.text);
    return true;
  }

  account(): Account {
    return accountOf(this.events);
  }
}

class Comparison {
  private readonly etcd = new Side();
  private readonly here = new Side();
  private compared = 0;
  private readonly differing: Record<Part, CommandDifference[]> = { state: [], messages: [], entries: [] };
  /** The first of the commands that are compared together, because something is late here. */
  private since: Case | null = null;

  take(one: Case, etcd: readonly TraceEvent[], here: readonly TraceEvent[], late: boolean): void {
    this.compared++;
    this.etcd.take(etcd);
    this.here.take(here);
    if (late) this.since ??= one;
    if (this.since === null || (!late && this.agrees())) this.settle(one);
  }

  /** What etcd did without telling counts as what happened here. */
  skip(here: readonly TraceEvent[]): void {
    for (const event of here) {
      this.etcd.isNews(event);
      this.here.isNews(event);
    }
  }

  result(end: ScenarioResult["end"]): ScenarioResult {
    if (this.since !== null) this.settle(this.since);
    return { compared: this.compared, differing: this.differing, end };
  }

  private agrees(): boolean {
    const [etcd, here] = [this.etcd.account(), this.here.account()];
    return PARTS.every((part) => differencesOf(etcd[part], here[part]).length === 0);
  }

  private settle({ line, command }: Case): void {
    const [etcd, here] = [this.etcd.account(), this.here.account()];
    for (const part of PARTS) {
      const differences = differencesOf(etcd[part], here[part]);
      if (differences.length > 0) this.differing[part].push({ line, command, differences });
    }
    this.since = null;
    this.etcd.events = [];
    this.here.events = [];
  }
}
