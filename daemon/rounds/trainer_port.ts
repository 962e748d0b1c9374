/**
 * Keeps the trainer process on the current session: opens it there, opens it again when the process was restarted,
 * and knows whether this node can train right now, or why it stays out.
 */
import type { SessionSpec } from "../../training/session.js";
import type { TrainerSupervisor } from "../../training/trainer/index.js";
import type { FromTrainer } from "../../training/trainer/messages.js";

export type UpdateMessage = Extract<FromTrainer, { kind: "update" }>;
export type ProgressMessage = Extract<FromTrainer, { kind: "progress" }>;

export type TrainOrder = Parameters<TrainerSupervisor["train"]>[0];

export interface TrainerHooks {
  /** `canTrain` or `reason` changed. */
  changed(): void;
  updated(message: UpdateMessage): void;
  progressed(message: ProgressMessage): void;
  /** The round under way is lost: the trainer failed in it or died. */
  lost(session: string, round: number, reason: string): void;
}

/** A session that could not be opened is tried again: a folder may be mounted, a file copied. */
const REOPEN_MS = 30_000;

export class TrainerPort {
  private wanted: { session: string; spec: SessionSpec } | null = null;
  private opened: string | null = null;
  private opening = false;
  private fault: string | null = null;
  private running: { session: string; round: number } | null = null;
  private retry: NodeJS.Timeout | null = null;
  private off: (() => void) | null = null;

  constructor(
    private readonly supervisor: Pick<TrainerSupervisor, keyof TrainerSupervisor>,
    private readonly hooks: TrainerHooks,
    private readonly logger: {
      info(facts: object, message: string): void;
      warn(facts: object, message: string): void;
    },
  ) {}

  /** The session that the trainer is ready for, or null. */
  get session(): string | null {
    return this.opened;
  }

  get canTrain(): boolean {
    return this.opened !== null && this.opened === this.wanted?.session;
  }

  /** Why this node stays out of the session, or null. */
  get reason(): string | null {
    return this.fault;
  }

  get state(): TrainerSupervisor["state"] {
    return this.supervisor.state;
  }

  start(): void {
    this.off = this.supervisor.on((event) => this.hear(event));
    this.supervisor.start();
  }

  async stop(): Promise<void> {
    if (this.retry) clearTimeout(this.retry);
    this.off?.();
    this.wanted = null;
    await this.supervisor.stop();
  }

  /** Says which session to be ready for; null for none. */
  want(wanted: { session: string; spec: SessionSpec } | null): void {
    if (wanted?.session === this.wanted?.session) return;
    if (wanted === null && this.opened !== null) this.supervisor.release(this.opened);
    this.wanted = wanted;
    this.opened = null;
    this.fault = null;
    this.open();
    this.hooks.changed();
  }

  train(message: TrainOrder): void {
    this.running = { session: message.session, round: message.round };
    this.supervisor.train(message);
  }

  finish(session: string, round: number): void {
    this.supervisor.finish(session, round);
  }

  abort(session: string, round: number): void {
    if (this.isRunning(session, round)) this.running = null;
    this.supervisor.abort(session, round);
  }

  evaluate(...args: Parameters<TrainerSupervisor["evaluate"]>): ReturnType<TrainerSupervisor["evaluate"]> {
    return this.supervisor.evaluate(...args);
  }

  generate(...args: Parameters<TrainerSupervisor["generate"]>): ReturnType<TrainerSupervisor["generate"]> {
    return this.supervisor.generate(...args);
  }

  inspect(...args: Parameters<TrainerSupervisor["inspect"]>): ReturnType<TrainerSupervisor["inspect"]> {
    return this.supervisor.inspect(...args);
  }

  private open(): void {
    const wanted = this.wanted;
    if (!wanted || this.opening || this.opened === wanted.session || this.supervisor.state.backend === null)
      return;
    this.opening = true;
    this.supervisor
      .open(wanted.session, wanted.spec)
      .then(
        ({ parameters }) => {
          if (this.wanted?.session !== wanted.session) return;
          this.opened = wanted.session;
          this.fault = null;
          this.logger.info({ session: wanted.session, parameters }, "ready to train");
        },
        (error: Error) => this.stayOut(wanted.session, error),
      )
      .finally(() => {
        this.opening = false;
        this.hooks.changed();
        if (this.wanted === null) this.supervisor.release(wanted.session);
        else if (this.wanted.session !== wanted.session) this.open();
      });
  }

  private stayOut(session: string, error: Error): void {
    if (this.wanted?.session !== session) return;
    this.fault = error.message;
    this.logger.warn({ session, reason: error.message }, "this node stays out of the session");
    if (this.retry) clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(), REOPEN_MS);
  }

  private hear(event: Parameters<Parameters<TrainerSupervisor["on"]>[0]>[0]): void {
    switch (event.kind) {
      case "ready":
        this.open();
        return;
      case "progress":
        this.hooks.progressed(event);
        return;
      case "update":
        this.running = null;
        this.hooks.updated(event);
        return;
      case "failed":
        if (event.session !== null && event.round !== null)
          this.lose(event.session, event.round, event.message);
        return;
      case "exited":
        this.opened = null;
        this.hooks.changed();
        if (this.running) this.lose(this.running.session, this.running.round, "the trainer process died");
        return;
    }
  }

  private lose(session: string, round: number, reason: string): void {
    if (!this.isRunning(session, round)) return;
    this.running = null;
    this.hooks.lost(session, round, reason);
  }

  private isRunning(session: string, round: number): boolean {
    return this.running?.session === session && this.running.round === round;
  }
}
