"""Whether a request is sent again, and after how long. Neither clock nor socket nor random source in here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

RETRIED_STATUS = frozenset({429, 503})
"""Too many requests, and not now: anything else stays as it is."""

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""Methods that may be repeated without harm (RFC 9110, section 9.2.2)."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often, and how patiently."""

    attempts_max: int = 5
    """Requests in all; 1: never again."""
    first_wait_seconds: float = 0.25
    wait_seconds_max: float = 30.0
    """Of one wait. A node that asks for a longer one gets no further request: the error is raised."""

    def wait(self, attempt: int, retry_after: float | None, random: float) -> float | None:
        """Seconds to wait after the attempt with this number (from 1) has failed; None: it is not tried again.

        Exponential, with full jitter ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015); never less than
        what the node asks for.

        :param random: uniform in [0, 1)
        """
        if attempt >= self.attempts_max:
            return None
        ceiling = min(self.wait_seconds_max, self.first_wait_seconds * 2.0 ** (attempt - 1))
        if retry_after is None:
            return ceiling * random
        if retry_after > self.wait_seconds_max:
            return None
        # All who were told the same number must not come at the same moment.
        return retry_after + self.first_wait_seconds * random


def may_repeat(method: str, status: int, details: dict[str, object], *, has_key: bool) -> bool:
    """Whether sending it again cannot do it twice.

    :param details: of the error
    :param has_key: whether it carries an Idempotency-Key
    """
    if status not in RETRIED_STATUS:
        return False
    # 429 is answered before anything is done.
    return status == 429 or has_key or method in IDEMPOTENT or details.get("committed") == "no"


def retry_after_seconds(header: str | None, now: datetime | None = None) -> float | None:
    """What ``Retry-After`` says (RFC 9110, section 10.2.3): seconds, or a date; None for neither."""
    if header is None:
        return None
    text = header.strip()
    if text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone.utc)
    return max(0.0, (at - (now or datetime.now(timezone.utc))).total_seconds())
