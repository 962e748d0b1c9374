/** A run in which a seed decides everything: who ticks, what is lost, who crashes when, who joins and leaves. */
import { createHash } from "node:crypto";
import { Seeded } from "../seeded.js";
import { type Action, Actions } from "./actions.js";
import { Cluster } from "./cluster.js";
import type { Done } from "./done.js";
import { Events, RunFailed } from "./failure.js";
import { drawPlan, type RunPlan } from "./plan.js";
import { Recovery } from "./recovery.js";

export const DEFAULT_STEPS = 6000;
/** Lines of the trace that are digested together. */
const TRACE_LINES = 256;

export interface RunReport {
  readonly seed: number;
  readonly steps: number;
  /** Digest of every step taken and every state reached: equal for equal seeds. */
  readonly trace: string;
  readonly committed: number;
  readonly term: number;
  /** Reads that were answered with an index before the recovery. */
  readonly reads: number;
  /** Steps by kind, and refusals by their code. */
  readonly counts: Readonly<Record<string, number>>;
}

export class RandomRun {
  readonly plan: RunPlan;
  private readonly random: Seeded;
  private readonly cluster: Cluster;
  private readonly actions: Actions;
  private readonly totalWeight: number;
  private readonly trace = createHash("sha256");
  private lines: string[] = [];
  private readonly events = new Events();
  private readonly counts: Record<string, number> = {};
  private reads = 0;

  constructor(private readonly seed: number) {
    this.random = new Seeded(seed);
    this.plan = drawPlan(this.random);
    this.cluster = new Cluster({ ...this.plan, random: this.random });
    this.cluster.onRead = (_id, { index }) => {
      if (index !== null) this.reads++;
    };
    this.actions = new Actions(this.cluster, this.random, this.plan);
    this.totalWeight = this.actions.all.reduce((sum, [weight]) => sum + weight, 0);
  }

  /** @throws RunFailed when an invariant breaks, or when the swarm does not recover once all faults are over */
  run(steps = DEFAULT_STEPS): RunReport {
    let step = 0;
    try {
      for (; step < steps; step++) this.step(step);
      new Recovery(this.cluster, this.actions).run();
    } catch (error) {
      const { seed, events, plan } = this;
      throw new RunFailed(error, { seed, steps, step, plan: describe(plan), events: events.last() });
    }
    return this.report(steps);
  }

  private step(step: number): void {
    const [, name, act] = this.nextAction();
    let done: Done | null = null;
    try {
      done = act();
    } catch (error) {
      this.events.add(`${step} ${name} …`);
      throw error;
    }
    if (done === null) return;
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    this.note(`${step} ${name} ${done.what}${stateOf(done)}`);
    this.cluster.check(done.touched);
  }

  private nextAction(): Action {
    let left = this.random.next() * this.totalWeight;
    for (const action of this.actions.all) {
      left -= action[0];
      if (left < 0) return action;
    }
    return this.actions.all[0] as Action;
  }

  private note(line: string): void {
    this.events.add(line);
    this.lines.push(line);
    if (this.lines.length >= TRACE_LINES) this.digest();
  }

  private digest(): void {
    this.trace.update(this.lines.join("\n"));
    this.lines = [];
  }

  private report(steps: number): RunReport {
    this.digest();
    const states = this.cluster.nodes.map((node) => stateOf({ touched: [node], what: "" }));
    const leader = this.cluster.core(this.cluster.leader() as string);
    return {
      seed: this.seed,
      steps,
      trace: this.trace.update(states.join("\n")).digest("hex"),
      committed: leader.log.commitIndex,
      term: leader.term,
      reads: this.reads,
      counts: { ...this.counts, ...this.actions.refused },
    };
  }
}

function stateOf({ touched }: Done): string {
  const [node] = touched;
  if (node === undefined) return "";
  const { core, id } = node;
  if (core === null) return ` | ${id} is down`;
  const { lastIndex, commitIndex, appliedIndex } = core.log;
  return ` | ${id} ${core.role} of term ${core.term} under ${core.leader}, ${lastIndex} ${commitIndex} ${appliedIndex} ${node.digest.slice(0, 8)}`;
}

export function describe({ voters, learners, spares, options, clockRatio, fast }: RunPlan): string {
  const { preVote, checkQuorum, reads, leaseMarginTicks, maxUnstoredReadys } = options;
  const margin = reads === "lease" ? ` (margin ${leaseMarginTicks})` : "";
  const clocks = clockRatio === null ? "no clocks" : `clock rates within ${clockRatio}`;
  return `voters ${voters}; learners ${learners}; spares ${spares}; ${reads} reads${margin}; pre-vote ${preVote}, check-quorum ${checkQuorum}; ${maxUnstoredReadys} Readys; ${clocks}${fast ? ", fast" : ""}`;
}
