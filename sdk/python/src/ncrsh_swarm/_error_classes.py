"""One exception per error of the API. Made from daemon/services/errors.ts by `npm run fix:docs`."""

from __future__ import annotations

from .errors import APIError


class NodeNotFoundError(APIError):
    """1001, HTTP 404."""

    error_name = "NODE_NOT_FOUND"


class TrainingInProgressError(APIError):
    """1002, HTTP 409."""

    error_name = "TRAINING_IN_PROGRESS"


class ConsensusFailedError(APIError):
    """1003, HTTP 503."""

    error_name = "CONSENSUS_FAILED"


class ModelCorruptError(APIError):
    """1004, HTTP 500."""

    error_name = "MODEL_CORRUPT"


class NetworkPartitionError(APIError):
    """1005, HTTP 503."""

    error_name = "NETWORK_PARTITION"


class InvalidRequestError(APIError):
    """1100, HTTP 400."""

    error_name = "INVALID_REQUEST"


class NotFoundError(APIError):
    """1101, HTTP 404."""

    error_name = "NOT_FOUND"


class MethodNotAllowedError(APIError):
    """1102, HTTP 405."""

    error_name = "METHOD_NOT_ALLOWED"


class PayloadTooLargeError(APIError):
    """1103, HTTP 413."""

    error_name = "PAYLOAD_TOO_LARGE"


class UnsupportedMediaTypeError(APIError):
    """1104, HTTP 415."""

    error_name = "UNSUPPORTED_MEDIA_TYPE"


class HostRefusedError(APIError):
    """1105, HTTP 421."""

    error_name = "HOST_REFUSED"


class RateLimitedError(APIError):
    """1106, HTTP 429."""

    error_name = "RATE_LIMITED"


class OriginRefusedError(APIError):
    """1107, HTTP 403."""

    error_name = "ORIGIN_REFUSED"


class RequestTimeoutError(APIError):
    """1108, HTTP 408."""

    error_name = "REQUEST_TIMEOUT"


class UnauthenticatedError(APIError):
    """1109, HTTP 401."""

    error_name = "UNAUTHENTICATED"


class NotReadyError(APIError):
    """1110, HTTP 503."""

    error_name = "NOT_READY"


class ForbiddenError(APIError):
    """1111, HTTP 403."""

    error_name = "FORBIDDEN"


class HeadersTooLargeError(APIError):
    """1112, HTTP 431."""

    error_name = "HEADERS_TOO_LARGE"


class UriTooLongError(APIError):
    """1113, HTTP 414."""

    error_name = "URI_TOO_LONG"


class TrainingNotRunningError(APIError):
    """1120, HTTP 409."""

    error_name = "TRAINING_NOT_RUNNING"


class ModelNotFoundError(APIError):
    """1121, HTTP 404."""

    error_name = "MODEL_NOT_FOUND"


class DatasetUnknownError(APIError):
    """1122, HTTP 400."""

    error_name = "DATASET_UNKNOWN"


class DatasetUnusableError(APIError):
    """1123, HTTP 422."""

    error_name = "DATASET_UNUSABLE"


class IdempotencyConflictError(APIError):
    """1124, HTTP 422."""

    error_name = "IDEMPOTENCY_CONFLICT"


class SessionNotFoundError(APIError):
    """1125, HTTP 404."""

    error_name = "SESSION_NOT_FOUND"


class TrainingQueueFullError(APIError):
    """1126, HTTP 409."""

    error_name = "TRAINING_QUEUE_FULL"


class VoteNotOpenError(APIError):
    """1130, HTTP 409."""

    error_name = "VOTE_NOT_OPEN"


class VersionDiffersError(APIError):
    """1131, HTTP 409."""

    error_name = "VERSION_DIFFERS"


class SettingConflictError(APIError):
    """1140, HTTP 412."""

    error_name = "SETTING_CONFLICT"


class SettingNotFoundError(APIError):
    """1141, HTTP 404."""

    error_name = "SETTING_NOT_FOUND"


class SettingsFullError(APIError):
    """1142, HTTP 413."""

    error_name = "SETTINGS_FULL"


class UserNotFoundError(APIError):
    """1150, HTTP 404."""

    error_name = "USER_NOT_FOUND"


class UserExistsError(APIError):
    """1151, HTTP 409."""

    error_name = "USER_EXISTS"


class KeyNotFoundError(APIError):
    """1152, HTTP 404."""

    error_name = "KEY_NOT_FOUND"


class KeyExistsError(APIError):
    """1153, HTTP 409."""

    error_name = "KEY_EXISTS"


class LastAdminError(APIError):
    """1154, HTTP 409."""

    error_name = "LAST_ADMIN"


class LoginFailedError(APIError):
    """1155, HTTP 401."""

    error_name = "LOGIN_FAILED"


class AuthFullError(APIError):
    """1156, HTTP 409."""

    error_name = "AUTH_FULL"


class AuthenticationOffError(APIError):
    """1157, HTTP 409."""

    error_name = "AUTHENTICATION_OFF"


class NodeExistsError(APIError):
    """1160, HTTP 409."""

    error_name = "NODE_EXISTS"


class PortInUseError(APIError):
    """1161, HTTP 409."""

    error_name = "PORT_IN_USE"


class SpawnedNodesFullError(APIError):
    """1162, HTTP 409."""

    error_name = "SPAWNED_NODES_FULL"


class NodeStartFailedError(APIError):
    """1163, HTTP 500."""

    error_name = "NODE_START_FAILED"


class NodeNotRemovedError(APIError):
    """1164, HTTP 409."""

    error_name = "NODE_NOT_REMOVED"


class RemovedFullError(APIError):
    """1165, HTTP 409."""

    error_name = "REMOVED_FULL"


class LastVoterError(APIError):
    """1166, HTTP 409."""

    error_name = "LAST_VOTER"


class ModelExistsError(APIError):
    """1170, HTTP 409."""

    error_name = "MODEL_EXISTS"


class ModelsFullError(APIError):
    """1171, HTTP 413."""

    error_name = "MODELS_FULL"


class ModelInvalidError(APIError):
    """1172, HTTP 422."""

    error_name = "MODEL_INVALID"


class RangeNotSatisfiableError(APIError):
    """1173, HTTP 416."""

    error_name = "RANGE_NOT_SATISFIABLE"


class UploadsBusyError(APIError):
    """1174, HTTP 503."""

    error_name = "UPLOADS_BUSY"


class SlowConsumerError(APIError):
    """1180, HTTP 503."""

    error_name = "SLOW_CONSUMER"


class TooManyStreamsError(APIError):
    """1181, HTTP 429."""

    error_name = "TOO_MANY_STREAMS"


class UpgradeRequiredError(APIError):
    """1182, HTTP 426."""

    error_name = "UPGRADE_REQUIRED"


class InternalError(APIError):
    """1199, HTTP 500."""

    error_name = "INTERNAL"


ERROR_CLASSES: dict[str, type[APIError]] = {
    "NODE_NOT_FOUND": NodeNotFoundError,
    "TRAINING_IN_PROGRESS": TrainingInProgressError,
    "CONSENSUS_FAILED": ConsensusFailedError,
    "MODEL_CORRUPT": ModelCorruptError,
    "NETWORK_PARTITION": NetworkPartitionError,
    "INVALID_REQUEST": InvalidRequestError,
    "NOT_FOUND": NotFoundError,
    "METHOD_NOT_ALLOWED": MethodNotAllowedError,
    "PAYLOAD_TOO_LARGE": PayloadTooLargeError,
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaTypeError,
    "HOST_REFUSED": HostRefusedError,
    "RATE_LIMITED": RateLimitedError,
    "ORIGIN_REFUSED": OriginRefusedError,
    "REQUEST_TIMEOUT": RequestTimeoutError,
    "UNAUTHENTICATED": UnauthenticatedError,
    "NOT_READY": NotReadyError,
    "FORBIDDEN": ForbiddenError,
    "HEADERS_TOO_LARGE": HeadersTooLargeError,
    "URI_TOO_LONG": UriTooLongError,
    "TRAINING_NOT_RUNNING": TrainingNotRunningError,
    "MODEL_NOT_FOUND": ModelNotFoundError,
    "DATASET_UNKNOWN": DatasetUnknownError,
    "DATASET_UNUSABLE": DatasetUnusableError,
    "IDEMPOTENCY_CONFLICT": IdempotencyConflictError,
    "SESSION_NOT_FOUND": SessionNotFoundError,
    "TRAINING_QUEUE_FULL": TrainingQueueFullError,
    "VOTE_NOT_OPEN": VoteNotOpenError,
    "VERSION_DIFFERS": VersionDiffersError,
    "SETTING_CONFLICT": SettingConflictError,
    "SETTING_NOT_FOUND": SettingNotFoundError,
    "SETTINGS_FULL": SettingsFullError,
    "USER_NOT_FOUND": UserNotFoundError,
    "USER_EXISTS": UserExistsError,
    "KEY_NOT_FOUND": KeyNotFoundError,
    "KEY_EXISTS": KeyExistsError,
    "LAST_ADMIN": LastAdminError,
    "LOGIN_FAILED": LoginFailedError,
    "AUTH_FULL": AuthFullError,
    "AUTHENTICATION_OFF": AuthenticationOffError,
    "NODE_EXISTS": NodeExistsError,
    "PORT_IN_USE": PortInUseError,
    "SPAWNED_NODES_FULL": SpawnedNodesFullError,
    "NODE_START_FAILED": NodeStartFailedError,
    "NODE_NOT_REMOVED": NodeNotRemovedError,
    "REMOVED_FULL": RemovedFullError,
    "LAST_VOTER": LastVoterError,
    "MODEL_EXISTS": ModelExistsError,
    "MODELS_FULL": ModelsFullError,
    "MODEL_INVALID": ModelInvalidError,
    "RANGE_NOT_SATISFIABLE": RangeNotSatisfiableError,
    "UPLOADS_BUSY": UploadsBusyError,
    "SLOW_CONSUMER": SlowConsumerError,
    "TOO_MANY_STREAMS": TooManyStreamsError,
    "UPGRADE_REQUIRED": UpgradeRequiredError,
    "INTERNAL": InternalError,
}
"""By the name of the error."""

__all__ = [
    "AuthFullError",
    "AuthenticationOffError",
    "ConsensusFailedError",
    "DatasetUnknownError",
    "DatasetUnusableError",
    "ForbiddenError",
    "HeadersTooLargeError",
    "HostRefusedError",
    "IdempotencyConflictError",
    "InternalError",
    "InvalidRequestError",
    "KeyExistsError",
    "KeyNotFoundError",
    "LastAdminError",
    "LastVoterError",
    "LoginFailedError",
    "MethodNotAllowedError",
    "ModelCorruptError",
    "ModelExistsError",
    "ModelInvalidError",
    "ModelNotFoundError",
    "ModelsFullError",
    "NetworkPartitionError",
    "NodeExistsError",
    "NodeNotFoundError",
    "NodeNotRemovedError",
    "NodeStartFailedError",
    "NotFoundError",
    "NotReadyError",
    "OriginRefusedError",
    "PayloadTooLargeError",
    "PortInUseError",
    "RangeNotSatisfiableError",
    "RateLimitedError",
    "RemovedFullError",
    "RequestTimeoutError",
    "SessionNotFoundError",
    "SettingConflictError",
    "SettingNotFoundError",
    "SettingsFullError",
    "SlowConsumerError",
    "SpawnedNodesFullError",
    "TooManyStreamsError",
    "TrainingInProgressError",
    "TrainingNotRunningError",
    "TrainingQueueFullError",
    "UnauthenticatedError",
    "UnsupportedMediaTypeError",
    "UpgradeRequiredError",
    "UploadsBusyError",
    "UriTooLongError",
    "UserExistsError",
    "UserNotFoundError",
    "VersionDiffersError",
    "VoteNotOpenError",
]
