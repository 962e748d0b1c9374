import { TrainingError } from "../errors.js";

/** For a dataset that is there and cannot be used; `what` says why, and what would be right. */
export function unreadable(dataset: string, what: string, cause?: unknown): TrainingError {
  return new TrainingError("DATASET_UNREADABLE", `dataset ${dataset}: ${what}`, { dataset }, { cause });
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
