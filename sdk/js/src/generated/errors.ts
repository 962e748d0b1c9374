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

/** 1112, HTTP 431. */
export class HeadersTooLargeError extends SwarmApiError {
  override readonly name = "HEADERS_TOO_LARGE";
}

/** 1113, HTTP 414. */
export class UriTooLongError extends SwarmApiError {
  override readonly name = "URI_TOO_LONG";
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

/** 1124, HTTP 422. */
export class IdempotencyConflictError extends SwarmApiError {
  override readonly name = "IDEMPOTENCY_CONFLICT";
}

/** 1125, HTTP 404. */
export class SessionNotFoundError extends SwarmApiError {
  override readonly name = "SESSION_NOT_FOUND";
}

/** 1126, HTTP 409. */
export class TrainingQueueFullError extends SwarmApiError {
  override readonly name = "TRAINING_QUEUE_FULL";
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

/** 1150, HTTP 404. */
export class UserNotFoundError extends SwarmApiError {
  override readonly name = "USER_NOT_FOUND";
}

/** 1151, HTTP 409. */
export class UserExistsError extends SwarmApiError {
  override readonly name = "USER_EXISTS";
}

/** 1152, HTTP 404. */
export class KeyNotFoundError extends SwarmApiError {
  override readonly name = "KEY_NOT_FOUND";
}

/** 1153, HTTP 409. */
export class KeyExistsError extends SwarmApiError {
  override readonly name = "KEY_EXISTS";
}

/** 1154, HTTP 409. */
export class LastAdminError extends SwarmApiError {
  override readonly name = "LAST_ADMIN";
}

/** 1155, HTTP 401. */
export class LoginFailedError extends SwarmApiError {
  override readonly name = "LOGIN_FAILED";
}

/** 1156, HTTP 409. */
export class AuthFullError extends SwarmApiError {
  override readonly name = "AUTH_FULL";
}

/** 1157, HTTP 409. */
export class AuthenticationOffError extends SwarmApiError {
  override readonly name = "AUTHENTICATION_OFF";
}

/** 1160, HTTP 409. */
export class NodeExistsError extends SwarmApiError {
  override readonly name = "NODE_EXISTS";
}

/** 1161, HTTP 409. */
export class PortInUseError extends SwarmApiError {
  override readonly name = "PORT_IN_USE";
}

/** 1162, HTTP 409. */
export class SpawnedNodesFullError extends SwarmApiError {
  override readonly name = "SPAWNED_NODES_FULL";
}

/** 1163, HTTP 500. */
export class NodeStartFailedError extends SwarmApiError {
  override readonly name = "NODE_START_FAILED";
}

/** 1164, HTTP 409. */
export class NodeNotRemovedError extends SwarmApiError {
  override readonly name = "NODE_NOT_REMOVED";
}

/** 1165, HTTP 409. */
export class RemovedFullError extends SwarmApiError {
  override readonly name = "REMOVED_FULL";
}

/** 1166, HTTP 409. */
export class LastVoterError extends SwarmApiError {
  override readonly name = "LAST_VOTER";
}

/** 1170, HTTP 409. */
export class ModelExistsError extends SwarmApiError {
  override readonly name = "MODEL_EXISTS";
}

/** 1171, HTTP 413. */
export class ModelsFullError extends SwarmApiError {
  override readonly name = "MODELS_FULL";
}

/** 1172, HTTP 422. */
export class ModelInvalidError extends SwarmApiError {
  override readonly name = "MODEL_INVALID";
}

/** 1173, HTTP 416. */
export class RangeNotSatisfiableError extends SwarmApiError {
  override readonly name = "RANGE_NOT_SATISFIABLE";
}

/** 1174, HTTP 503. */
export class UploadsBusyError extends SwarmApiError {
  override readonly name = "UPLOADS_BUSY";
}

/** 1180, HTTP 503. */
export class SlowConsumerError extends SwarmApiError {
  override readonly name = "SLOW_CONSUMER";
}

/** 1181, HTTP 429. */
export class TooManyStreamsError extends SwarmApiError {
  override readonly name = "TOO_MANY_STREAMS";
}

/** 1182, HTTP 426. */
export class UpgradeRequiredError extends SwarmApiError {
  override readonly name = "UPGRADE_REQUIRED";
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
  HEADERS_TOO_LARGE: HeadersTooLargeError,
  URI_TOO_LONG: UriTooLongError,
  TRAINING_NOT_RUNNING: TrainingNotRunningError,
  MODEL_NOT_FOUND: ModelNotFoundError,
  DATASET_UNKNOWN: DatasetUnknownError,
  DATASET_UNUSABLE: DatasetUnusableError,
  IDEMPOTENCY_CONFLICT: IdempotencyConflictError,
  SESSION_NOT_FOUND: SessionNotFoundError,
  TRAINING_QUEUE_FULL: TrainingQueueFullError,
  VOTE_NOT_OPEN: VoteNotOpenError,
  VERSION_DIFFERS: VersionDiffersError,
  SETTING_CONFLICT: SettingConflictError,
  SETTING_NOT_FOUND: SettingNotFoundError,
  SETTINGS_FULL: SettingsFullError,
  USER_NOT_FOUND: UserNotFoundError,
  USER_EXISTS: UserExistsError,
  KEY_NOT_FOUND: KeyNotFoundError,
  KEY_EXISTS: KeyExistsError,
  LAST_ADMIN: LastAdminError,
  LOGIN_FAILED: LoginFailedError,
  AUTH_FULL: AuthFullError,
  AUTHENTICATION_OFF: AuthenticationOffError,
  NODE_EXISTS: NodeExistsError,
  PORT_IN_USE: PortInUseError,
  SPAWNED_NODES_FULL: SpawnedNodesFullError,
  NODE_START_FAILED: NodeStartFailedError,
  NODE_NOT_REMOVED: NodeNotRemovedError,
  REMOVED_FULL: RemovedFullError,
  LAST_VOTER: LastVoterError,
  MODEL_EXISTS: ModelExistsError,
  MODELS_FULL: ModelsFullError,
  MODEL_INVALID: ModelInvalidError,
  RANGE_NOT_SATISFIABLE: RangeNotSatisfiableError,
  UPLOADS_BUSY: UploadsBusyError,
  SLOW_CONSUMER: SlowConsumerError,
  TOO_MANY_STREAMS: TooManyStreamsError,
  UPGRADE_REQUIRED: UpgradeRequiredError,
  INTERNAL: InternalError,
};
