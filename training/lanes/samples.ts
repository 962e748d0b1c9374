/** From an absolute batch number to the samples in it: every sample of the split once per epoch, in a seeded order. */
import { TrainingError } from "../errors.js";
import { batchesPerEpoch, type SessionSpec } from "../session.js";
import { Permutation } from "./permutation.js";

type SampleSource = Pick<SessionSpec, "data" | "batchSize" | "seed">;

/**
 * Numbers of the training samples in this batch. The order is reshuffled every epoch; what does not fill the epoch's
 * last batch is left out, a different remainder each time. O(batch) memory.
 *
 * @throws TrainingError `SESSION_INVALID` when the split does not fill one batch
 */
export function batchSamples(spec: SampleSource, batch: number): number[] {
  const perEpoch = batchesPerEpoch(spec);
  if (perEpoch < 1) {
    throw new TrainingError(
      "SESSION_INVALID",
      `a batch of ${spec.batchSize} does not fit the ${spec.data.trainSamples} training samples`,
      { batchSize: spec.batchSize, trainSamples: spec.data.trainSamples },
    );
  }
  const { epoch, indexInEpoch } = placeOf(spec, batch);
  const order = new Permutation(spec.data.trainSamples, spec.seed, epoch);
  const first = indexInEpoch * spec.batchSize;
  return Array.from({ length: spec.batchSize }, (_, i) => order.at(first + i));
}

/** The epoch (from 0) that a batch belongs to, and its place there. */
export function placeOf(spec: SampleSource, batch: number): { epoch: number; indexInEpoch: number } {
  const perEpoch = batchesPerEpoch(spec);
  return { epoch: Math.floor(batch / perEpoch), indexInEpoch: batch % perEpoch };
}
