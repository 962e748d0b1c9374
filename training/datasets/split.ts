import { TrainingError } from "../errors.js";

/** The last tenth, rounded down, and at least one sample. */
export function validationSize(samples: number): number {
  return Math.max(1, Math.floor(samples / 10));
}

/** @throws TrainingError `DATASET_MISMATCH` when a sample is not in the split */
export function assertSamples(
  dataset: string,
  split: "training" | "validation",
  samples: readonly number[],
  size: number,
): void {
  const bad = samples.find((sample) => !Number.isInteger(sample) || sample < 0 || sample >= size);
  if (bad === undefined) return;
  const message = `dataset ${dataset}: ${split} sample ${bad} does not exist, there are ${size}`;
  throw new TrainingError("DATASET_MISMATCH", message, { dataset, sample: bad, samples: size });
}
