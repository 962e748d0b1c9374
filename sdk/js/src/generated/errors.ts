// Generated from the declarations of the node's routes (npm run fix:docs). Do not edit.

import { SwarmApiError, type ErrorFacts } from "../errors.js";

/** 1001, HTTP 404. */
export class NodeNotFoundError extends SwarmApiError {
  override readonly name = "NODE_NOT_FOUND";
}

/** 1002, HTTP 409. */
export class TrainingInProgressError extends SwarmApiError {
  override readonly name = "TRAINING_IN_PROGRESS";
}

/** 1003, HTTP 503. */
export class ConsensusFailedError extends SwarmApiError {
  override readonly name = "CONSENSUS_FAILED";
}

/** 1004, HTTP 500. */
export class ModelCorruptError extends SwarmApiError {
  override readonly name = "MODEL_CORRUPT";
}

/** 1005, HTTP 503. */
export class NetworkPartitionError extends SwarmApiError {
  override readonly name = "NETWORK_PARTITION";
}

/** 1100, HTTP 400. */
export class InvalidRequestError extends SwarmApiError {
  override readonly name = "INVALID_REQUEST";
}

/** 1101, HTTP 404. */
export class NotFoundError extends SwarmApiError {
  override readonly name = "NOT_FOUND";
}

/** 1102, HTTP 405. */
export class MethodNotAllowedError extends SwarmApiError {
  override readonly name = "METHOD_NOT_ALLOWED";
}

/** 1103, HTTP 413. */
export class PayloadTooLargeError extends SwarmApiError {
  override readonly name = "PAYLOAD_TOO_LARGE";
}

/** 1104, HTTP 415. */
export class UnsupportedMediaTypeError extends SwarmApiError {
  override readonly name = "UNSUPPORTED_MEDIA_TYPE";
}

/** 1105, HTTP 421. */
export class HostRefusedError extends SwarmApiError {
  override readonly name = "HOST_REFUSED";
}

/** 1106, HTTP 429. */
export class RateLimitedError extends SwarmApiError {
  override readonly name = "RATE_LIMITED";
}

/** 1107, HTTP 403. */
export class OriginRefusedError extends SwarmApiError {
  override readonly name = "ORIGIN_REFUSED";
}

/** 1108, HTTP 408. */
export class RequestTimeoutError extends SwarmApiError {
  override readonly name = "REQUEST_TIMEOUT";
}

/** 1109, HTTP 401. */
export class UnauthenticatedError extends SwarmApiError {
  override readonly name = "UNAUTHENTICATED";
}

/** 1110, HTTP 503. */
export class NotReadyError extends SwarmApiError {
  override readonly name = "NOT_READY";
}

/** 1111, HTTP 403. */
export class ForbiddenError extends SwarmApiError {
  override readonly name = "FORBIDDEN";
}

/** 1120, HTTP 409. */
export class TrainingNotRunningError extends SwarmApiError {
  override readonly name = "TRAINING_NOT_RUNNING";
}

/** 1121, HTTP 404. */
export class ModelNotFoundError extends SwarmApiError {
  override readonly name = "MODEL_NOT_FOUND";
}

/** 1122, HTTP 400. */
export class DatasetUnknownError extends SwarmApiError {
  override readonly name = "DATASET_UNKNOWN";
}

/** 1123, HTTP 422. */
export class DatasetUnusableError extends SwarmApiError {
  override readonly name = "DATASET_UNUSABLE";
}

/** 1130, HTTP 409. */
export class VoteNotOpenError extends SwarmApiError {
  override readonly name = "VOTE_NOT_OPEN";
}

/** 1131, HTTP 409. */
export class VersionDiffersError extends SwarmApiError {
  override readonly name = "VERSION_DIFFERS";
}

/** 1140, HTTP 412. */
export class SettingConflictError extends SwarmApiError {
  override readonly name = "SETTING_CONFLICT";
}

/** 1141, HTTP 404. */
export class SettingNotFoundError extends SwarmApiError {
  override readonly name = "SETTING_NOT_FOUND";
}

/** 1142, HTTP 413. */
export class SettingsFullError extends SwarmApiError {
  override readonly name = "SETTINGS_FULL";
}

/** 1199, HTTP 500. */
export class InternalError extends SwarmApiError {
  override readonly name = "INTERNAL";
}

/** By the name in the answer. */
export const ERROR_CLASSES: Readonly<Record<string, new (facts: ErrorFacts) => SwarmApiError>> = {
  NODE_NOT_FOUND: NodeNotFoundError,
  TRAINING_IN_PROGRESS: TrainingInProgressError,
  CONSENSUS_FAILED: ConsensusFailedError,
  MODEL_CORRUPT: ModelCorruptError,
  NETWORK_PARTITION: NetworkPartitionError,
  INVALID_REQUEST: InvalidRequestError,
  NOT_FOUND: NotFoundError,
  METHOD_NOT_ALLOWED: MethodNotAllowedError,
  PAYLOAD_TOO_LARGE: PayloadTooLargeError,
  UNSUPPORTED_MEDIA_TYPE: UnsupportedMediaTypeError,
  HOST_REFUSED: HostRefusedError,
  RATE_LIMITED: RateLimitedError,
  ORIGIN_REFUSED: OriginRefusedError,
  REQUEST_TIMEOUT: RequestTimeoutError,
  UNAUTHENTICATED: UnauthenticatedError,
  NOT_READY: NotReadyError,
  FORBIDDEN: ForbiddenError,
  TRAINING_NOT_RUNNING: TrainingNotRunningError,
  MODEL_NOT_FOUND: ModelNotFoundError,
  DATASET_UNKNOWN: DatasetUnknownError,
  DATASET_UNUSABLE: DatasetUnusableError,
  VOTE_NOT_OPEN: VoteNotOpenError,
  VERSION_DIFFERS: VersionDiffersError,
  SETTING_CONFLICT: SettingConflictError,
  SETTING_NOT_FOUND: SettingNotFoundError,
  SETTINGS_FULL: SettingsFullError,
  INTERNAL: InternalError,
};
