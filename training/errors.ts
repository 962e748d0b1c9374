/** Why training refused or stopped. The message is for a person, `facts` for a program. */
export type TrainingErrorCode =
  | "CODEC_MALFORMED"
  | "DATASET_UNKNOWN"
  | "DATASET_UNREADABLE"
  | "DATASET_MISMATCH"
  | "SESSION_INVALID"
  | "VERSION_CORRUPT"
  | "CHECKPOINT_CORRUPT"
  | "UPDATE_NOT_FINITE"
  | "UPDATES_REJECTED"
  | "AGGREGATION_INVALID"
  | "AGGREGATION_FAILED"
  | "BACKEND_UNAVAILABLE"
  | "TRAINER_DIED"
  | "TIMEOUT"
  | "OVERLOADED"
  | "STOPPED";

export class TrainingError extends Error {
  override readonly name = "TrainingError";

  constructor(
    readonly code: TrainingErrorCode,
    message: string,
    readonly facts: Record<string, unknown> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
