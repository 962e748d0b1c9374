"""What can go wrong: one exception per error of the API, and those of the way to it."""

from __future__ import annotations

from typing import Any, ClassVar


class SwarmError(Exception):
    """Base of everything that this package raises."""


class ConnectionFailed(SwarmError):  # noqa: N818
    """The node could not be reached, or the connection broke; ``__cause__`` says how."""


class HashMismatch(SwarmError):  # noqa: N818
    """What was received is not what the node said that it would be."""

    def __init__(self, what: str, expected: str, actual: str) -> None:
        super().__init__(f"{what}: its SHA-256 is {actual}, expected was {expected}")
        self.expected = expected
        self.actual = actual


class StreamClosed(SwarmError):  # noqa: N818
    """The stream of events ended and could not be taken up again."""


class APIError(SwarmError):
    """A node has refused a request.

    The base of one class per name of an error. A name that this version does not know is raised as an ``APIError``.
    """

    error_name: ClassVar[str | None] = None
    """Of the class; an error's own name is ``name``."""

    def __init__(
        self,
        message: str,
        *,
        name: str,
        code: int | None,
        status: int,
        details: dict[str, Any] | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        """For a person."""
        self.name = name
        """Such as ``NODE_NOT_FOUND``; does not change."""
        self.code = code
        """Stable number; None where what answered is not a node (a proxy)."""
        self.status = status
        """Of HTTP."""
        self.details = details or {}
        """For a program."""
        self.request_id = request_id
        """Also in the node's log."""
        self.retry_after = retry_after
        """Seconds after which the node would take it, as it says itself."""

    def __str__(self) -> str:
        request = f" (request {self.request_id})" if self.request_id else ""
        return f"{self.name}: {self.message}{request}"


def error_from(
    status: int,
    body: object,
    *,
    request_id: str | None = None,
    retry_after: float | None = None,
) -> APIError:
    """The exception for an answer with an error: of the name's own class where there is one.

    :param body: the parsed JSON of the answer, or its text when it has none
    """
    from ._error_classes import ERROR_CLASSES

    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        text = str(body).strip()[:500] if body else "no explanation"
        return APIError(
            text,
            name=f"HTTP_{status}",
            code=None,
            status=status,
            request_id=request_id,
            retry_after=retry_after,
        )
    name = str(error.get("name", f"HTTP_{status}"))
    code = error.get("code")
    details = error.get("details")
    kind = ERROR_CLASSES.get(name, APIError)
    return kind(
        str(error.get("message", "")),
        name=name,
        code=code if isinstance(code, int) else None,
        status=status,
        details=details if isinstance(details, dict) else {},
        request_id=str(error["request_id"]) if error.get("request_id") else request_id,
        retry_after=retry_after,
    )
