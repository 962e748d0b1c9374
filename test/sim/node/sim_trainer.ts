/** Stands in for the trainer process: takes time for its steps, reports them, hands in, and sometimes dies. */
import type { TrainerSupervisor } from "../../../training/trainer/index.js";
import type { SimBlobs } from "../disk/sim_blobs.js";
import type { Chaos } from "../faults/chaos.js";
import { updateBytes } from "./arithmetic.js";

const READY_MS = 40;
const OPEN_MS = 15;
const EVALUATE_MS = 10;
const RESTART_MS = 500;
const DIES = 0.06;

type Event = Parameters<Parameters<TrainerSupervisor["on"]>[0]>[0];
type Order = Parameters<TrainerSupervisor["train"]>[0];

export interface SimTrainerInit {
  readonly self: string;
  readonly blobs: SimBlobs;
  readonly chaos: Chaos;
  /** Milliseconds for one inner step. */
  readonly stepMs: number;
  /** It hands in what does not decode, or claims more steps than it did. */
  readonly lies: boolean;
}

interface Job {
  readonly order: Order;
  readonly batches: number;
  steps: number;
  finish: boolean;
}

export class SimTrainer implements Pick<TrainerSupervisor, keyof TrainerSupervisor> {
  private readonly listeners = new Set<(event: Event) => void>();
  private job: Job | null = null;
  private ready = false;
  private lives = 0;

  constructor(private readonly init: SimTrainerInit) {}

  get state() {
    const phase = this.job === null ? ("idle" as const) : ("training" as const);
    const backend = this.ready ? "sim" : null;
    return {
      phase,
      backend,
      pid: this.lives,
      restarts: this.lives,
      samplesPerSecond: 1,
      rssBytes: 0,
      lastFault: null,
    };
  }

  on(listener: (event: Event) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): void {
    setTimeout(() => {
      this.ready = true;
      this.lives += 1;
      this.emit({ kind: "ready", backend: "sim", pid: this.lives, startupMs: READY_MS });
    }, READY_MS);
  }

  async stop(): Promise<void> {
    this.job = null;
    this.ready = false;
  }

  async open(): Promise<{ parameters: number }> {
    await pause(OPEN_MS);
    if (!this.ready) throw new Error("the trainer died");
    return { parameters: 6 };
  }

  release(): void {
    this.job = null;
  }

  train(order: Order): void {
    const batches = order.lane.reduce((sum, [from, to]) => sum + to - from, 0);
    const job = { order, batches, steps: 0, finish: false };
    this.job = job;
    if (this.init.chaos.strikes("trainer", DIES)) setTimeout(() => this.die(job), this.init.stepMs);
    this.step(job);
  }

  finish(session: string, round: number): void {
    if (this.isAt(session, round) && this.job !== null) this.job.finish = true;
  }

  abort(session: string, round: number): void {
    if (this.isAt(session, round)) this.job = null;
  }

  async evaluate(): Promise<{ lossNats: number; accuracy: number | null; samples: number }> {
    await pause(EVALUATE_MS);
    return { lossNats: 1, accuracy: null, samples: 10 };
  }

  async inspect(): Promise<never> {
    throw new Error("nothing is inspected here");
  }

  async generate(): Promise<never> {
    throw new Error("nothing is generated here");
  }

  private step(job: Job): void {
    setTimeout(() => {
      if (this.job !== job) return;
      job.steps += 1;
      const { session, round } = job.order;
      const samples = job.steps * BATCH_SIZE;
      this.emit({
        kind: "progress",
        session,
        round,
        steps: job.steps,
        samples,
        lossNats: 1,
        samplesPerSecond: 1,
        rssBytes: 0,
      });
      if (this.job !== job) return;
      if (job.finish || job.steps >= job.batches) this.handIn(job);
      else this.step(job);
    }, this.init.stepMs);
  }

  private handIn(job: Job): void {
    const { self, blobs, chaos, lies } = this.init;
    const { session, round, base } = job.order;
    this.job = null;
    const lie = lies && chaos.strikes("liar", 0.5) ? chaos.random("liar").int(3) : -1;
    const steps =
      lie === 0 ? job.steps + 1 + job.batches : lie === 1 ? Math.min(job.batches, job.steps + 1) : job.steps;
    const bytes = updateBytes({ peer: self, session, round, base: base.hash, steps, poisoned: lie === 2 });
    const path = blobs.tempPath();
    blobs.writeFile(path, bytes);
    const samples = steps * BATCH_SIZE;
    const facts = { session, round, base: base.hash, steps, samples, lossNats: 1 };
    this.emit({ kind: "update", ...facts, path, bytes: bytes.length, computeMs: 1 });
  }

  private die(job: Job): void {
    if (this.job !== job) return;
    this.job = null;
    this.ready = false;
    this.emit({ kind: "exited", code: 1, signal: null, reason: "simulated", restartInMs: RESTART_MS });
    setTimeout(() => this.start(), RESTART_MS);
  }

  private isAt(session: string, round: number): boolean {
    return this.job?.order.session === session && this.job.order.round === round;
  }

  private emit(event: Event): void {
    for (const listener of this.listeners) listener(event);
  }
}

/** Of the sessions here. */
export const BATCH_SIZE = 10;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
