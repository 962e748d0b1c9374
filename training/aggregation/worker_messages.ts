import type { TrainingErrorCode } from "../errors.js";
import type { AggregationResult } from "./types.js";

/** What the worker thread answers, by structured clone. */
export type WorkerAnswer =
  | { readonly kind: "done"; readonly result: AggregationResult }
  | {
      readonly kind: "failed";
      readonly code: TrainingErrorCode;
      readonly message: string;
      readonly facts: Record<string, unknown>;
    };
