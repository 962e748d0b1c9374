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
    "TRAINING_NOT_RUNNING": TrainingNotRunningError,
    "MODEL_NOT_FOUND": ModelNotFoundError,
    "DATASET_UNKNOWN": DatasetUnknownError,
    "DATASET_UNUSABLE": DatasetUnusableError,
    "VOTE_NOT_OPEN": VoteNotOpenError,
    "VERSION_DIFFERS": VersionDiffersError,
    "SETTING_CONFLICT": SettingConflictError,
    "SETTING_NOT_FOUND": SettingNotFoundError,
    "SETTINGS_FULL": SettingsFullError,
    "INTERNAL": InternalError,
}
"""By the name of the error."""

__all__ = [
    "ConsensusFailedError",
    "DatasetUnknownError",
    "DatasetUnusableError",
    "ForbiddenError",
    "HostRefusedError",
    "InternalError",
    "InvalidRequestError",
    "MethodNotAllowedError",
    "ModelCorruptError",
    "ModelNotFoundError",
    "NetworkPartitionError",
    "NodeNotFoundError",
    "NotFoundError",
    "NotReadyError",
    "OriginRefusedError",
    "PayloadTooLargeError",
    "RateLimitedError",
    "RequestTimeoutError",
    "SettingConflictError",
    "SettingNotFoundError",
    "SettingsFullError",
    "TrainingInProgressError",
    "TrainingNotRunningError",
    "UnauthenticatedError",
    "UnsupportedMediaTypeError",
    "VersionDiffersError",
    "VoteNotOpenError",
]
