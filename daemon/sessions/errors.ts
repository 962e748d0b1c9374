import { TrainingError } from "../../training/errors.js";
import { ServiceError } from "../services/errors.js";
import { isUnreachable } from "../swarm/unreachable.js";

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

/**
 * What a door answers when a command was handed out and no answer came back.
 * @param leader whom this node follows by now: with none, it has lost the swarm
 */
export function undecidedErrorOf(error: unknown, leader: string | null): ServiceError {
  if (leader !== null && !isUnreachable(error)) return serviceErrorOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  const message = leader === null ? "no leader can be reached" : `the leader cannot be reached (${reason})`;
  return new ServiceError("NETWORK_PARTITION", message, { committed: "unknown" }, { cause: error });
}
