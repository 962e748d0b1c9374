import { setImmediate as nextTurn } from "node:timers/promises";
import { TrainingError } from "../errors.js";
import { readVersion } from "../versions/index.js";
import type { ToTrainer } from "./messages.js";
import type { OpenSession } from "./session.js";

export type EvaluateMessage = Extract<ToTrainer, { kind: "evaluate" }>;

export interface Evaluation {
  readonly lossNats: number;
  /** Share of samples classified correctly; null for text. */
  readonly accuracy: number | null;
  readonly samples: number;
}

/** Validation batch `b` holds samples [b·batchSize, (b+1)·batchSize); the split's last one may be shorter. */
function validationSamples(session: OpenSession, batch: number): number[] {
  const { batchSize, data } = session.spec;
  const first = batch * batchSize;
  const size = Math.min(batchSize, data.validationSamples - first);
  if (size < 1) {
    throw new TrainingError(
      "SESSION_INVALID",
      `validation batch ${batch} begins past the ${data.validationSamples} validation samples`,
      { batch, validationSamples: data.validationSamples },
    );
  }
  return Array.from({ length: size }, (_, i) => first + i);
}

/**
 * Mean loss (and accuracy) of a version over these validation batches, each sample counting the same.
 * @throws TrainingError `SESSION_INVALID`, `VERSION_CORRUPT`, `DATASET_UNREADABLE`, `UPDATE_NOT_FINITE`
 */
export async function evaluateVersion(session: OpenSession, message: EvaluateMessage): Promise<Evaluation> {
  const { model, spec, dataset } = session;
  const { weights } = await readVersion(message.base.path, model.layout, spec.strategy);
  model.setWeights(weights);
  let samples = 0;
  let lossSum = 0;
  let correct: number | null = null;
  for (const [from, to] of message.batches) {
    for (let number = from; number < to; number++) {
      await nextTurn();
      const batch = await dataset.validationBatch(validationSamples(session, number));
      const result = model.evaluate(batch);
      samples += batch.samples;
      lossSum += result.lossNats * batch.samples;
      if (result.correct !== null) correct = (correct ?? 0) + result.correct;
    }
  }
  if (samples === 0) throw new TrainingError("SESSION_INVALID", "no validation batch was named");
  if (!Number.isFinite(lossSum)) {
    throw new TrainingError("UPDATE_NOT_FINITE", `the validation loss of ${message.base.hash} is ${lossSum}`);
  }
  return { lossNats: lossSum / samples, accuracy: correct === null ? null : correct / samples, samples };
}
