/** Drives the founding: owns time, disk and calls. One input at a time, so that nothing is sent before it is stored. */
import { randomBytes } from "node:crypto";
import { fromBytes, toBytes } from "../encoding.js";
import { ConsensusError } from "../errors.js";
import { FormationCore } from "./core.js";
import type { Genesis } from "./genesis.js";
import {
  type FormationRecord,
  type FormationRequest,
  type FormationResponse,
  formationRecordSchema,
} from "./messages.js";
import type { FormationEffect, FormationMode, FormationOutcome, FormationPeer } from "./types.js";

export interface FormationRunnerInit {
  readonly self: string;
  readonly swarm: string;
  readonly mode: FormationMode;
  readonly store: {
    load(): Promise<Uint8Array | undefined>;
    /** Durable when it resolves. */
    save(record: Uint8Array): Promise<void>;
  };
  readonly request: (peer: string, request: FormationRequest) => Promise<FormationResponse>;
  /** The peers that are connected now. */
  readonly peers: () => readonly FormationPeer[];
  /** The swarm that this node belongs to by now, founded or joined, now or in an earlier run. */
  readonly genesis: () => Genesis | null;
  readonly logger: {
    debug(facts: object, message: string): void;
    info(facts: object, message: string): void;
    warn(facts: object, message: string): void;
  };
  readonly now?: () => number;
  readonly random?: () => number;
}

const TICK_MS = 100;
const RECORD_BYTES_MAX = 64 * 1024;
export class FormationRunner {
  private core: FormationCore | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;
  private settle: ((outcome: FormationOutcome) => void) | null = null;
  constructor(private readonly init: FormationRunnerInit) {}
  /**
   * Resolves when this node's swarm is founded or found. The coordinator then goes on telling the founders.
   * @throws the signal's reason; ConsensusError `MESSAGE_MALFORMED` when the record on disk is damaged
   */
  async run(signal: AbortSignal): Promise<FormationOutcome> {
    await this.inTurn(() => this.open());
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.stop();
        reject(signal.reason);
      };
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      this.settle = resolve;
      this.timer = setInterval(() => this.tick(), TICK_MS);
      this.tick();
    });
  }

  /** Answers another founder; also after this node's own founding is settled. */
  handle(from: string, request: FormationRequest): Promise<FormationResponse> {
    return this.inTurn(async () => {
      const core = await this.open();
      const genesis = this.init.genesis();
      if (genesis !== null) core.belongs(genesis);
      const { response, effects } = core.request(from, request);
      await this.perform(effects);
      return response;
    });
  }

  /** What this data folder has founded, as its record says. */
  founded(): Promise<Genesis | null> {
    return this.inTurn(async () => (await this.open()).founded);
  }

  stop(): void {
    this.stopped = true;
    if (this.timer) clearInterval(this.timer);
  }

  private async open(): Promise<FormationCore> {
    if (this.core) return this.core;
    const bytes = await this.init.store.load();
    const record =
      bytes === undefined
        ? null
        : fromBytes(formationRecordSchema, bytes, "formation record", RECORD_BYTES_MAX);
    const { self, swarm, mode, random = Math.random } = this.init;
    const nonce = () => randomBytes(16).toString("hex");
    this.core = new FormationCore({ self, swarm, mode, record, nonce, random });
    return this.core;
  }

  private tick(): void {
    void this.inTurn(async () => {
      if (this.stopped) return;
      const core = await this.open();
      await this.perform(core.tick(this.init.peers(), this.now()));
      if (this.settle === null && core.everyoneTold) this.stop();
    }).catch((error) => this.complain(error));
  }

  private async perform(effects: readonly FormationEffect[]): Promise<void> {
    for (const effect of effects) {
      switch (effect.kind) {
        case "persist":
          await this.save(effect.record);
          break;
        case "ask":
          this.ask(effect.to, effect.request);
          break;
        case "outcome":
          this.init.logger.info({ outcome: effect.outcome.kind }, "the swarm is settled");
          this.settle?.(effect.outcome);
          this.settle = null;
          break;
        case "note":
          this.init.logger.warn(effect.facts, effect.message);
          break;
      }
    }
  }

  /** What could not be stored must not be acted on: the core begins anew from what is on the disk. */
  private async save(record: FormationRecord): Promise<void> {
    try {
      await this.init.store.save(toBytes(record));
    } catch (error) {
      this.core = null;
      throw error;
    }
  }

  private ask(to: string, request: FormationRequest): void {
    this.init.request(to, request).then(
      (response) =>
        this.inTurn(async () => {
          if (this.core) await this.perform(this.core.response(to, request, response, this.now()));
        }).catch((error) => this.complain(error)),
      (error) => this.init.logger.debug({ peer: to, reason: String(error) }, "a founder did not answer"),
    );
  }

  private complain(error: unknown): void {
    const reason = error instanceof ConsensusError || error instanceof Error ? error.message : String(error);
    this.init.logger.warn({ reason }, "founding the swarm failed for the moment");
  }

  private now(): number {
    return this.init.now?.() ?? Date.now();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}
