/**
 * One run: a safety phase of so many steps under faults, then a liveness phase in which everything heals and has to go
 * on. A step is one event of the simulated world (a timer, a turn of a process, a message, an answer of a disk), and
 * after each of them every invariant is checked on the node that it was on. The seed decides everything.
 */
import { createHash } from "node:crypto";
import type { FaultKind } from "./faults/chaos.js";
import type { Observer } from "./invariants/index.js";
import type { SimEvent } from "./kernel/agenda.js";
import type { SimProcess } from "./kernel/sim_process.js";
import { Clients } from "./world/clients.js";
import { Health } from "./world/health.js";
import { Operator } from "./world/operator.js";
import { Troubles } from "./world/troubles.js";
import { World } from "./world/world.js";

/** Simulated time in which everything must have healed. */
const LIVENESS_MS_MAX = 240_000;
const LIVENESS_STEPS_MAX = 1_000_000;
const HEALTH_EVERY_MS = 250;
const CLIENT_EVERY_MS = 150;
/** Events shown of a run that failed. */
const TAIL_EVENTS = 60;

export interface RunInit {
  readonly seed: number;
  /** Of the safety phase. */
  readonly steps: number;
  readonly nodes?: number;
  readonly disabled?: ReadonlySet<FaultKind>;
  /** What the nodes log stands among the events of a failure. */
  readonly verbose?: boolean;
  /** Claims besides those of the house. */
  readonly claims?: () => readonly Observer[];
}

export interface RunReport {
  readonly seed: number;
  /** Taken in all, the liveness phase included. */
  readonly steps: number;
  readonly simulatedMs: number;
  /** Digest of every step and of the state that it led to: equal for equal seeds. */
  readonly trace: string;
  readonly faults: Readonly<Record<string, number>>;
  readonly versions: number;
  readonly reads: number;
  readonly settings: number;
  readonly forgeries: number;
  readonly failure: RunFailure | null;
}

export interface RunFailure {
  readonly phase: "safety" | "liveness";
  readonly step: number;
  readonly message: string;
  /** The last events, latest last. */
  readonly tail: readonly string[];
  readonly nodes: readonly string[];
}

/** One run at a time in a process: it takes the clock over. */
export async function runSeed(init: RunInit): Promise<RunReport> {
  const run = new Run(init);
  const late = (error: unknown): void => run.uncaught(error);
  process.on("unhandledRejection", late);
  try {
    return await run.run();
  } finally {
    process.off("unhandledRejection", late);
  }
}

class Run {
  private readonly world: World;
  private readonly operator: Operator;
  private readonly clients: Clients;
  private readonly troubles: Troubles;
  private readonly trace = createHash("sha256");
  private readonly tail: string[] = [];
  private steps = 0;

  constructor(private readonly init: RunInit) {
    const { seed, nodes, disabled = new Set(), claims = () => [], verbose = false } = init;
    const log = verbose ? (line: string) => this.note(`      ${line.trim()}`) : null;
    this.world = new World({
      seed,
      disabled,
      log,
      claims: claims(),
      ...(nodes === undefined ? {} : { nodes }),
    });
    this.operator = new Operator(this.world);
    this.clients = new Clients(this.world);
    this.troubles = new Troubles(this.world, this.operator, this.clients);
  }

  uncaught(error: unknown): void {
    this.world.watch.fail("nothing is thrown at nobody", error);
  }

  async run(): Promise<RunReport> {
    const { world } = this;
    world.time.install();
    try {
      world.start();
      this.every(CLIENT_EVERY_MS, "client", () => this.clients.act());
      this.troubles.start();
      while (this.steps < this.init.steps && world.watch.failure === null) await this.step();
      if (world.watch.failure !== null) return this.report("safety");
      this.troubles.heal();
      await this.recover();
      return this.report("liveness");
    } finally {
      // Nobody's timers are left: they were all simulated.
      world.time.uninstall();
    }
  }

  private async recover(): Promise<void> {
    const { world } = this;
    const { watch, agenda } = world;
    const health = new Health(world, this.operator);
    const untilMs = agenda.nowMs + LIVENESS_MS_MAX;
    const untilStep = this.steps + LIVENESS_STEPS_MAX;
    let complaint: string | null = "not looked at";
    let nextLookMs = agenda.nowMs;
    while (complaint !== null && watch.failure === null) {
      await this.step();
      if (agenda.nowMs < nextLookMs) continue;
      nextLookMs = agenda.nowMs + HEALTH_EVERY_MS;
      complaint = health.complaint();
      if (agenda.nowMs >= untilMs || this.steps >= untilStep) break;
    }
    if (complaint !== null) watch.fail("everything heals", new Error(complaint));
    for (const { name, life } of world.running) {
      const state = life?.control.state;
      if (life && state)
        watch.guarded("same history", () =>
          watch.history.snapshotted(name, life.control.snapshot(), state.index),
        );
    }
  }

  private async step(): Promise<void> {
    const { world } = this;
    const event = world.agenda.next();
    if (event === undefined) throw new Error("nothing is left to happen");
    const pausedUntilMs = this.pausedUntil(event);
    if (pausedUntilMs > world.agenda.nowMs) {
      world.agenda.plan(pausedUntilMs - world.agenda.nowMs, event.owner, event.label, event.run);
      return;
    }
    this.steps += 1;
    const process = await world.time.turn(event.owner, event.run);
    this.check(event, process);
  }

  private pausedUntil({ owner }: SimEvent): number {
    return owner === null ? 0 : (this.world.nodes.get(owner.node)?.pausedUntilMs ?? 0);
  }

  private check(event: SimEvent, process: SimProcess | null): void {
    const { world } = this;
    const node = process === null ? undefined : world.nodes.get(process.node);
    const life = node?.process === process ? node?.life : null;
    let state = "";
    if (life) {
      const { core, raft, control, name } = life;
      const { options } = life.init.traits;
      world.watch.stepped({ name, core, state: control.state, queues: raft.queues(), options });
      const { log } = core;
      state = `${core.role} ${core.term} ${log.lastIndex} ${log.commitIndex} ${log.appliedIndex} ${control.state.session?.version?.hash.slice(7, 15)}`;
    }
    const line = `${event.atMs.toFixed(3)} ${process?.node ?? "-"} ${event.label}: ${state}`;
    this.trace.update(line);
    this.note(line);
  }

  private note(line: string): void {
    this.tail.push(line);
    if (this.tail.length > 2 * TAIL_EVENTS) this.tail.splice(0, TAIL_EVENTS);
  }

  private every(ms: number, label: string, run: () => void): void {
    this.world.agenda.plan(ms, null, label, () => {
      run();
      this.every(ms, label, run);
    });
  }

  private report(phase: RunFailure["phase"]): RunReport {
    const { watch, chaos, agenda } = this.world;
    const failure =
      watch.failure === null
        ? null
        : {
            phase,
            step: this.steps,
            message: watch.failure.message,
            tail: this.tail.slice(-TAIL_EVENTS),
            nodes: new Health(this.world, this.operator).describe(),
          };
    return {
      seed: this.init.seed,
      steps: this.steps,
      simulatedMs: Math.round(agenda.nowMs),
      trace: this.trace.digest("hex"),
      faults: chaos.counts,
      versions: watch.versions,
      reads: watch.reads.reads,
      settings: watch.settings.operations,
      forgeries: watch.forgeries,
      failure,
    };
  }
}
