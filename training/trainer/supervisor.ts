import { TrainingError } from "../errors.js";
import type { DataSpec, SessionSpec } from "../session.js";
import type { TrainerPhase } from "../types.js";
import { TrainerChild } from "./child.js";
import type { FromTrainer, ToTrainer } from "./messages.js";
import { PendingRequests } from "./requests.js";

type Asked<K extends ToTrainer["kind"]> = Omit<Extract<ToTrainer, { kind: K }>, "kind" | "id">;

export interface TrainerLogger {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface TrainerSupervisorInit {
  readonly logger: TrainerLogger;
  /** Resident memory at which the process is ended and started again; 0: no limit. */
  readonly memoryMaxBytes?: number;
  readonly backend?: "auto" | "wasm";
  /** Where a dataset that is too large for memory is kept; null: the system's temporary folder. */
  readonly scratchDir?: string | null;
  /** A process that is silent for this long while it trains counts as stuck. */
  readonly stallMs?: number;
  readonly restart?: { readonly initialMs: number; readonly maxMs: number };
  /** Longest wait for the answer to one request, including the round that it may wait behind. */
  readonly requestTimeoutMs?: number;
  /** The process to start; for tests. */
  readonly entry?: URL;
}

export interface TrainerExit {
  readonly kind: "exited";
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why, in words. */
  readonly reason: string;
  /** When the next one starts; null when the supervisor was stopped. */
  readonly restartInMs: number | null;
}
export type TrainerEvent = FromTrainer | TrainerExit;

export interface TrainerState {
  readonly phase: TrainerPhase;
  /** Null until the process is ready, and while there is none. */
  readonly backend: string | null;
  readonly pid: number | null;
  readonly restarts: number;
  readonly samplesPerSecond: number;
  readonly rssBytes: number;
  readonly lastFault: string | null;
}

/** A trainer process that is silent for this long while it trains is killed and started again. */
const STALL_MS = 120_000;
/** One request to the trainer process, including the round that it may wait behind; past it, it fails. */
const REQUEST_TIMEOUT_MS = 10 * 60_000;
const RESTART = { initialMs: 500, maxMs: 30_000 };
/** How long the process may take to end by itself before it is killed. */
const CLOSE_GRACE_MS = 2_000;

const keyOf = (session: string, round: number) => `${round} ${session}`;

/**
 * Keeps one trainer process running: starts it, starts it again with growing pauses when it dies, ends it when it
 * hangs or outgrows its memory. What was under way in a process that died is rejected or reported as `exited`; the
 * owner opens its session again on `ready`.
 */
export class TrainerSupervisor {
  readonly #init: Required<Omit<TrainerSupervisorInit, "logger">>;
  readonly #logger: TrainerLogger;
  readonly #listeners = new Set<(event: TrainerEvent) => void>();
  readonly #requests = new PendingRequests();
  /** Rounds that `train` was called for and that have neither ended nor been aborted. */
  readonly #rounds = new Set<string>();
  #child: TrainerChild | null = null;
  #stopped = true;
  #onExit: (() => void) | null = null;
  #restartTimer: NodeJS.Timeout | null = null;
  #stallTimer: NodeJS.Timeout | null = null;
  #startedAt = 0;
  #pauseMs: number;
  #backend: string | null = null;
  #restarts = 0;
  #samplesPerSecond = 0;
  #rssBytes = 0;
  #lastFault: string | null = null;
  /** Why the supervisor itself is ending the process. */
  #killReason: string | null = null;

  constructor(init: TrainerSupervisorInit) {
    this.#logger = init.logger;
    this.#init = {
      memoryMaxBytes: init.memoryMaxBytes ?? 0,
      backend: init.backend ?? "auto",
      scratchDir: init.scratchDir ?? null,
      stallMs: init.stallMs ?? STALL_MS,
      restart: init.restart ?? RESTART,
      requestTimeoutMs: init.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      entry: init.entry ?? new URL("./main.js", import.meta.url),
    };
    this.#pauseMs = this.#init.restart.initialMs;
  }

  get state(): TrainerState {
    return {
      phase: this.#phase(),
      backend: this.#backend,
      pid: this.#child?.pid ?? null,
      restarts: this.#restarts,
      samplesPerSecond: this.#samplesPerSecond,
      rssBytes: this.#rssBytes,
      lastFault: this.#lastFault,
    };
  }

  /** Calls `listener` for every message of the process and every exit. @returns a function that ends it */
  on(listener: (event: TrainerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#spawn();
  }

  /** Ends the process, gently first. Everything that waits is rejected with `STOPPED`. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#restartTimer) clearTimeout(this.#restartTimer);
    this.#requests.rejectAll(new TrainingError("STOPPED", "the trainer is being stopped"));
    this.#endRounds();
    const child = this.#child;
    if (child === null) return;
    const exited = new Promise<void>((resolve) => {
      this.#onExit = resolve;
    });
    child.send({ kind: "close" });
    const killTimer = setTimeout(() => child.kill(), CLOSE_GRACE_MS);
    await exited;
    clearTimeout(killTimer);
  }

  /** What a dataset is, without opening a session on it. @throws TrainingError */
  async inspect(dataset: string, contextLength: number, tokenizer: "char" | "byte"): Promise<DataSpec> {
    const message = { kind: "inspect", dataset, contextLength, tokenizer } as const;
    return (await this.#ask("inspected", message)).data;
  }

  /** Makes the trainer ready for a session; to be called again after every `ready`. @throws TrainingError */
  async open(session: string, spec: SessionSpec): Promise<{ parameters: number }> {
    const { parameters } = await this.#ask("opened", { kind: "open", session, spec });
    return { parameters };
  }

  /** Lets the process forget a session that is over, and what it holds for it in memory and on its device. */
  release(session: string): void {
    this.#child?.send({ kind: "release", session });
  }

  /** Starts a round; answered by `progress` and `update` events, or by `failed` or `exited`. */
  train(message: Asked<"train">): void {
    if (this.#child === null) {
      const failure = { code: "TRAINER_DIED", message: this.#absence() };
      const { session, round } = message;
      // Not before the caller has returned from the call that this answers.
      queueMicrotask(() => this.#emit({ kind: "failed", id: null, session, round, ...failure }));
      return;
    }
    this.#rounds.add(keyOf(message.session, message.round));
    this.#child.send({ kind: "train", ...message });
    this.#armStallTimer();
  }

  finish(session: string, round: number): void {
    this.#child?.send({ kind: "finish", session, round });
  }

  abort(session: string, round: number): void {
    this.#endRound(session, round);
    this.#child?.send({ kind: "abort", session, round });
  }

  /** Mean validation loss of a version. @throws TrainingError */
  async evaluate(
    session: string,
    base: Asked<"evaluate">["base"],
    batches: Asked<"evaluate">["batches"],
  ): Promise<{ lossNats: number; accuracy: number | null; samples: number }> {
    const { lossNats, accuracy, samples } = await this.#ask("evaluated", {
      kind: "evaluate",
      session,
      base,
      batches,
    });
    return { lossNats, accuracy, samples };
  }

  /** Text that a version writes after a prompt. @throws TrainingError */
  async generate(message: Asked<"generate">): Promise<string> {
    return (await this.#ask("generated", { kind: "generate", ...message })).text;
  }

  #ask<K extends "inspected" | "opened" | "evaluated" | "generated">(
    answer: K,
    message: DistributiveOmit<Extract<ToTrainer, { id: number }>, "id">,
  ): Promise<Extract<FromTrainer, { kind: K }>> {
    const child = this.#child;
    if (child === null) return Promise.reject(new TrainingError("TRAINER_DIED", this.#absence()));
    return this.#requests.ask(answer, this.#init.requestTimeoutMs, (id) => child.send({ ...message, id }));
  }

  #absence(): string {
    return this.#stopped
      ? "the trainer is not running"
      : `the trainer is being started again (${this.#lastFault ?? "it ended"})`;
  }

  #phase(): TrainerPhase {
    if (this.#child === null) return this.#stopped ? "idle" : "failed";
    if (this.#requests.waitingFor("opened") > 0) return "opening";
    if (this.#rounds.size > 0) return "training";
    return this.#requests.waitingFor("evaluated") > 0 ? "evaluating" : "idle";
  }

  #spawn(): void {
    this.#restartTimer = null;
    this.#killReason = null;
    this.#startedAt = performance.now();
    const { entry, backend, scratchDir } = this.#init;
    this.#child = new TrainerChild(entry, backend, scratchDir, {
      message: (message) => this.#hear(message),
      line: (line) => this.#logger.warn({ pid: this.#child?.pid ?? null, line }, "the trainer process wrote"),
      exited: ({ code, signal, error }) => this.#buried(code, signal, error),
    });
  }

  #hear(message: FromTrainer): void {
    if (this.#rounds.size > 0) this.#armStallTimer();
    switch (message.kind) {
      case "ready":
        this.#backend = message.backend;
        this.#logger.info({ ...message }, "the trainer process is ready");
        break;
      case "progress":
        this.#samplesPerSecond = message.samplesPerSecond;
        this.#rssBytes = message.rssBytes;
        this.#checkMemory(message.rssBytes);
        break;
      case "update":
        this.#endRound(message.session, message.round);
        break;
      case "failed":
        this.#lastFault = message.message;
        if (message.session !== null && message.round !== null)
          this.#endRound(message.session, message.round);
        // A process that never became ready says why and exits with a code that says nothing.
        if (this.#backend === null) this.#killReason ??= message.message;
        break;
      default:
        break;
    }
    this.#requests.settle(message);
    this.#emit(message);
  }

  #checkMemory(rssBytes: number): void {
    const { memoryMaxBytes } = this.#init;
    if (memoryMaxBytes === 0 || rssBytes <= memoryMaxBytes) return;
    this.#kill(`it used ${rssBytes} bytes of memory; the limit is ${memoryMaxBytes}`);
  }

  #armStallTimer(): void {
    if (this.#stallTimer) clearTimeout(this.#stallTimer);
    this.#stallTimer = setTimeout(() => {
      // A round may wait behind an evaluation, which reports nothing and has a time limit of its own.
      if (this.#requests.size > 0) this.#armStallTimer();
      else this.#kill(`it gave no sign of life for ${this.#init.stallMs} ms while training`);
    }, this.#init.stallMs);
  }

  #endRound(session: string, round: number): void {
    this.#rounds.delete(keyOf(session, round));
    if (this.#rounds.size === 0) this.#endRounds();
  }

  #endRounds(): void {
    this.#rounds.clear();
    if (this.#stallTimer) clearTimeout(this.#stallTimer);
    this.#stallTimer = null;
  }

  #kill(reason: string): void {
    this.#killReason = reason;
    this.#logger.warn({ pid: this.#child?.pid ?? null, reason }, "the trainer process is killed");
    this.#child?.kill();
  }

  #buried(code: number | null, signal: NodeJS.Signals | null, error: Error | null): void {
    this.#child = null;
    this.#backend = null;
    this.#samplesPerSecond = 0;
    this.#rssBytes = 0;
    this.#endRounds();
    const reason =
      this.#killReason ??
      error?.message ??
      (signal === null ? `it exited with code ${code}` : `it got ${signal}`);
    const restartInMs = this.#stopped ? null : this.#scheduleRestart();
    if (!this.#stopped) {
      this.#lastFault = `the trainer process died: ${reason}`;
      this.#logger.warn({ code, signal, restartInMs, reason }, "the trainer process died");
    }
    this.#requests.rejectAll(new TrainingError("TRAINER_DIED", `the trainer process died: ${reason}`));
    this.#emit({ kind: "exited", code, signal, reason, restartInMs });
    this.#onExit?.();
  }

  /** Pauses double from death to death, and begin anew after a life that was longer than the longest pause. */
  #scheduleRestart(): number {
    const { initialMs, maxMs } = this.#init.restart;
    if (performance.now() - this.#startedAt > maxMs) this.#pauseMs = initialMs;
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(maxMs, this.#pauseMs * 2);
    this.#restarts++;
    this.#restartTimer = setTimeout(() => this.#spawn(), pauseMs);
    return pauseMs;
  }

  #emit(event: TrainerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
