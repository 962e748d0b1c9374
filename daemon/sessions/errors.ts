import { TrainingError } from "../../training/errors.js";
import { ServiceError } from "../services/errors.js";

/** What a door answers when a session could not be started for this reason. */
export function serviceErrorOf(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof TrainingError))
    return new ServiceError("CONSENSUS_FAILED", message, {}, { cause: error });
  const details = { ...error.facts, cause: error.code };
  if (error.code === "DATASET_UNKNOWN") return new ServiceError("DATASET_UNKNOWN", message, details);
  if (error.code.startsWith("DATASET_")) return new ServiceError("DATASET_UNUSABLE", message, details);
  if (error.code === "SESSION_INVALID") return new ServiceError("INVALID_REQUEST", message, details);
  return new ServiceError("NOT_READY", message, details);
}
