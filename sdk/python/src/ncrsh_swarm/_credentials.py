"""What a client proves with who it is, and when a token must be renewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .views.auth import Login

RENEW_BEFORE = timedelta(seconds=30)
"""A token that ends this soon is renewed first: a request may be on its way for a while."""


@dataclass
class Credentials:
    """A token or an API key, and what renews a token."""

    token: str | None = None
    refresh_token: str | None = None
    expires_at: datetime | None = None

    def take(self, answer: Login) -> None:
        """From now on those of a login or a refresh."""
        self.token = answer.token
        self.refresh_token = answer.refresh_token
        self.expires_at = answer.expires_at

    def forget(self) -> None:
        """Nobody any more."""
        self.token = self.refresh_token = self.expires_at = None

    def headers(self) -> dict[str, str]:
        """For a request."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def must_renew(self, now: datetime | None = None) -> bool:
        """Whether the token is about to end and can be renewed."""
        if self.refresh_token is None or self.expires_at is None:
            return False
        return self.expires_at - (now or datetime.now(timezone.utc)) <= RENEW_BEFORE
