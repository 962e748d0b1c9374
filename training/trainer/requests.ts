import { TrainingError, type TrainingErrorCode } from "../errors.js";
import type { FromTrainer } from "./messages.js";

export type AnswerKind = "inspected" | "opened" | "evaluated" | "generated";
type AnswerOf<K extends AnswerKind> = Extract<FromTrainer, { kind: K }>;

interface Pending {
  readonly answer: AnswerKind;
  readonly timer: NodeJS.Timeout;
  resolve(message: FromTrainer): void;
  reject(error: TrainingError): void;
}

/** Requests that may be under way at once. */
const PENDING_MAX = 64;

/** Every code once, so that one out of another process can be told from a made-up one. */
const CODES: Readonly<Record<TrainingErrorCode, true>> = {
  CODEC_MALFORMED: true,
  DATASET_UNKNOWN: true,
  DATASET_UNREADABLE: true,
  DATASET_MISMATCH: true,
  SESSION_INVALID: true,
  VERSION_CORRUPT: true,
  CHECKPOINT_CORRUPT: true,
  UPDATE_NOT_FINITE: true,
  UPDATES_REJECTED: true,
  AGGREGATION_INVALID: true,
  AGGREGATION_FAILED: true,
  BACKEND_UNAVAILABLE: true,
  TRAINER_DIED: true,
  TIMEOUT: true,
  OVERLOADED: true,
  STOPPED: true,
};
const isCode = (code: string): code is TrainingErrorCode => Object.hasOwn(CODES, code);

/** Questions to the trainer that wait for their answer. */
export class PendingRequests {
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;

  /** How many wait for an answer of this kind. */
  waitingFor(answer: AnswerKind): number {
    return [...this.#pending.values()].filter((pending) => pending.answer === answer).length;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Sends a question and waits.
   * @throws TrainingError `TIMEOUT`, `OVERLOADED`, what the trainer answers, or what {@link rejectAll} says
   */
  ask<K extends AnswerKind>(answer: K, timeoutMs: number, send: (id: number) => void): Promise<AnswerOf<K>> {
    if (this.#pending.size >= PENDING_MAX) {
      return Promise.reject(
        new TrainingError("OVERLOADED", `${PENDING_MAX} requests already wait for the trainer`),
      );
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new TrainingError("TIMEOUT", `the trainer gave no answer in ${timeoutMs} ms`, { timeoutMs }));
      }, timeoutMs);
      const isAnswer = (message: FromTrainer): message is AnswerOf<K> => message.kind === answer;
      this.#pending.set(id, {
        answer,
        timer,
        reject,
        resolve: (message) => {
          if (isAnswer(message)) resolve(message);
          else
            reject(new TrainingError("TRAINER_DIED", `the trainer answered ${message.kind}, not ${answer}`));
        },
      });
      send(id);
    });
  }

  /** Gives the answer to whoever asked; one that came too late is dropped. */
  settle(message: FromTrainer): void {
    if (!("id" in message) || message.id === null) return;
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#pending.delete(message.id);
    clearTimeout(pending.timer);
    if (message.kind === "failed") {
      const code = isCode(message.code) ? message.code : "TRAINER_DIED";
      pending.reject(new TrainingError(code, message.message));
    } else {
      pending.resolve(message);
    }
  }

  rejectAll(error: TrainingError): void {
    for (const { timer, reject } of this.#pending.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#pending.clear();
  }
}
