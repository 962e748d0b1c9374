import { rm } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { assertFinite, codecOf } from "../codecs/index.js";
import { TrainingError } from "../errors.js";
import { batchSamples } from "../lanes/index.js";
import { clipToNorm } from "../optimizers/index.js";
import { learningRateAt } from "../strategies/index.js";
import type { BatchRange } from "../types.js";
import { readVersion } from "../versions/index.js";
import type { ToTrainer } from "./messages.js";
import { writePayload } from "./payload.js";
import type { OpenSession } from "./session.js";

export type TrainMessage = Extract<ToTrainer, { kind: "train" }>;

/** Set from outside while a round runs; looked at between steps. */
export interface RoundControl {
  finish: boolean;
  abort: boolean;
}

export interface RoundProgress {
  readonly steps: number;
  readonly samples: number;
  /** Mean over the round's steps so far. */
  readonly lossNats: number;
  readonly samplesPerSecond: number;
}

export interface RoundOutcome extends RoundProgress {
  /** The file that holds the payload. */
  readonly path: string;
  readonly bytes: number;
  /** Without the writing of the file. */
  readonly computeMs: number;
}

function* batchesOf(lane: readonly BatchRange[]): Generator<number> {
  for (const [from, to] of lane) for (let batch = from; batch < to; batch++) yield batch;
}

function notFinite(what: string, value: number, step: number): TrainingError {
  return new TrainingError("UPDATE_NOT_FINITE", `the ${what} of step ${step} is ${value}`, { what, step });
}

/** One round's computation: the weights on their way, and what the payload is made from. */
class RoundRun {
  readonly #session: OpenSession;
  readonly #message: TrainMessage;
  readonly #base: Float32Array;
  readonly #weights: Float32Array;
  readonly #gradient: Float32Array;
  /** Sum of the steps' gradients; only `gradient` contributions need it. */
  readonly #sum: Float32Array | null;
  #steps = 0;
  #lossSum = 0;

  constructor(session: OpenSession, message: TrainMessage, base: Float32Array) {
    this.#session = session;
    this.#message = message;
    this.#base = base;
    this.#weights = base.slice();
    this.#gradient = new Float32Array(base.length);
    this.#sum = message.contribution === "gradient" ? new Float32Array(base.length) : null;
    session.model.setWeights(base);
  }

  get steps(): number {
    return this.#steps;
  }

  get lossNats(): number {
    return this.#lossSum / this.#steps;
  }

  async step(batchNumber: number): Promise<void> {
    const { spec, dataset, model, optimizer } = this.#session;
    const batch = await dataset.trainBatch(batchSamples(spec, batchNumber));
    const loss = model.gradient(batch, this.#gradient);
    if (!Number.isFinite(loss)) throw notFinite("loss", loss, this.#steps + 1);
    this.#lossSum += loss;
    this.#steps++;
    if (this.#sum !== null) {
      // The outer step clips the swarm's mean gradient; clipping each part first would bend its direction.
      for (let i = 0; i < this.#sum.length; i++) this.#sum[i] = this.#sum[i]! + this.#gradient[i]!;
      return;
    }
    const norm = clipToNorm(this.#gradient, spec.optimizer.clipNorm);
    if (!Number.isFinite(norm)) throw notFinite("gradient's norm", norm, this.#steps);
    // A fast node that does more than its share does not run ahead in the schedule: the next round would take it back.
    const place = Math.min(this.#steps, spec.strategy.innerSteps) - 1;
    const scheduleStep = this.#message.scheduleStep + place;
    optimizer.update(this.#weights, this.#gradient, learningRateAt(spec.optimizer, scheduleStep));
    model.setWeights(this.#weights);
  }

  /** @throws TrainingError `UPDATE_NOT_FINITE` */
  payload(): Uint8Array {
    if (this.#message.contribution === "parameters") {
      assertFinite(this.#weights);
      return codecOf("fp32").encode(this.#weights);
    }
    const update = this.#sum === null ? this.#pseudoGradient() : this.#meanGradient(this.#sum);
    assertFinite(update);
    return this.#session.feedback.encode(update, this.#message.round);
  }

  #pseudoGradient(): Float32Array {
    return this.#base.map((value, i) => value - this.#weights[i]!);
  }

  #meanGradient(sum: Float32Array): Float32Array {
    return sum.map((value) => value / this.#steps);
  }
}

function checkMessage(session: OpenSession, message: TrainMessage): void {
  const { spec } = session;
  if (message.codec !== spec.codec || message.strategy !== spec.strategy.name) {
    throw new TrainingError(
      "SESSION_INVALID",
      `the round is for ${message.strategy}/${message.codec}, the session is ${spec.strategy.name}/${spec.codec}`,
      { session: session.id, round: message.round },
    );
  }
  if (!message.lane.some(([from, to]) => from < to)) {
    throw new TrainingError("SESSION_INVALID", "the lane holds no batch", { round: message.round });
  }
}

/**
 * Runs inner steps from the base version over the lane until it is empty or `control.finish` is set, at least one, and
 * writes the payload. The event loop turns between steps, so that messages are heard. A round that fails or is aborted
 * up to the moment of its answer leaves no trace: no file, nothing in what the codec owes, and nothing in the inner
 * optimizer, whose moments would spoil every later round if they had seen an infinite value.
 *
 * @returns null when the round was aborted
 * @throws TrainingError `UPDATE_NOT_FINITE`, `SESSION_INVALID`, `VERSION_CORRUPT`, `DATASET_UNREADABLE`; the file
 *   system's error when the payload cannot be written
 */
export async function runRound(
  session: OpenSession,
  message: TrainMessage,
  control: Readonly<RoundControl>,
  onStep: (progress: RoundProgress) => void,
): Promise<RoundOutcome | null> {
  checkMessage(session, message);
  const { spec, model, optimizer, feedback } = session;
  feedback.settle(message.countedRound);
  const before = optimizer.state;
  const undo = () => {
    optimizer.restore(before);
    feedback.drop();
  };
  const started = performance.now();
  try {
    const base = await readVersion(message.base.path, model.layout, spec.strategy);
    const run = new RoundRun(session, message, base.weights);
    const progress = (): RoundProgress => {
      const samples = run.steps * spec.batchSize;
      const samplesPerSecond = samples / ((performance.now() - started) / 1000);
      return { steps: run.steps, samples, lossNats: run.lossNats, samplesPerSecond };
    };
    for (const batch of batchesOf(message.lane)) {
      await nextTurn();
      if (control.abort || (control.finish && run.steps > 0)) break;
      await run.step(batch);
      onStep(progress());
    }
    await nextTurn();
    if (control.abort) {
      undo();
      return null;
    }
    const payload = run.payload();
    const done = { ...progress(), bytes: payload.length, computeMs: performance.now() - started };
    const path = await writePayload(message.outDir, session.id, message.round, payload);
    if (control.abort) {
      undo();
      await rm(path, { force: true });
      return null;
    }
    return { ...done, path };
  } catch (error) {
    undo();
    throw error;
  }
}
