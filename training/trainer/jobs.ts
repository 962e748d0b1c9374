import { TrainingError, type TrainingErrorCode } from "../errors.js";
import type { TrainerEngine } from "./engine.js";
import { type FromTrainer, type ToTrainer, toTrainerSchema } from "./messages.js";
import type { RoundControl } from "./round.js";

type Job = Exclude<ToTrainer, { kind: "finish" | "abort" | "close" }>;

/** Requests that may wait behind the one under way; more are refused. */
export const JOBS_MAX = 64;

/** Zod lists every problem; the first few say enough. */
const PROBLEMS_MAX = 3;

interface Waiting {
  readonly job: Job;
  readonly control: RoundControl;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
const countOrNull = (value: unknown) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** An answer to whatever this was, as far as it says what it was. */
function failureOf(message: unknown, code: TrainingErrorCode, text: string): FromTrainer {
  const { id, session, round } = isRecord(message) ? message : {};
  return {
    kind: "failed",
    id: countOrNull(id),
    session: typeof session === "string" ? session : null,
    round: countOrNull(round),
    code,
    message: text,
  };
}

/**
 * Takes the parent's messages at any time and works through them one after another. `finish` and `abort` take effect
 * at once: between two steps of the round under way, or on one that still waits.
 */
export class TrainerJobs {
  readonly #engine: Promise<TrainerEngine>;
  readonly #post: (message: FromTrainer) => void;
  readonly #onClose: () => void;
  readonly #waiting: Waiting[] = [];
  #running: Waiting | null = null;

  constructor(engine: Promise<TrainerEngine>, post: (message: FromTrainer) => void, onClose: () => void) {
    this.#engine = engine;
    this.#post = post;
    this.#onClose = onClose;
  }

  /** Never throws: what cannot be understood or taken on is answered with `failed`. */
  receive(raw: unknown): void {
    const parsed = toTrainerSchema.safeParse(raw);
    if (!parsed.success) {
      const problems = parsed.error.issues
        .slice(0, PROBLEMS_MAX)
        .map((issue) => `${issue.path.join(".") || "message"}: ${issue.message}`);
      this.#post(failureOf(raw, "SESSION_INVALID", `not a message to the trainer: ${problems.join("; ")}`));
      return;
    }
    const message = parsed.data;
    switch (message.kind) {
      case "finish":
      case "abort":
        this.#control(message);
        return;
      case "close":
        this.#onClose();
        return;
      default:
        this.#enqueue(message);
    }
  }

  #control(message: Extract<ToTrainer, { kind: "finish" | "abort" }>): void {
    const all = this.#running === null ? this.#waiting : [this.#running, ...this.#waiting];
    for (const { job, control } of all) {
      if (job.kind !== "train" || job.session !== message.session || job.round !== message.round) continue;
      control[message.kind] = true;
    }
  }

  #enqueue(job: Job): void {
    if (this.#waiting.length >= JOBS_MAX) {
      const text = `${JOBS_MAX} requests already wait for the trainer`;
      this.#post(failureOf(job, "OVERLOADED", text));
      return;
    }
    this.#waiting.push({ job, control: { finish: false, abort: false } });
    if (this.#running === null) void this.#work();
  }

  async #work(): Promise<void> {
    for (;;) {
      const next = this.#waiting.shift() ?? null;
      this.#running = next;
      if (next === null) return;
      if (next.control.abort) continue;
      try {
        const answer = await this.#perform(await this.#engine, next);
        if (answer !== null) this.#post(answer);
      } catch (error) {
        if (next.control.abort) continue;
        const code = error instanceof TrainingError ? error.code : "TRAINER_DIED";
        this.#post(failureOf(next.job, code, error instanceof Error ? error.message : String(error)));
      }
    }
  }

  #perform(engine: TrainerEngine, { job, control }: Waiting): Promise<FromTrainer | null> {
    switch (job.kind) {
      case "inspect":
        return engine.inspect(job);
      case "open":
        return engine.open(job);
      case "release":
        return engine.release(job);
      case "train":
        return engine.train(job, control, this.#post);
      case "evaluate":
        return engine.evaluate(job);
      case "generate":
        return engine.generate(job);
    }
  }
}
