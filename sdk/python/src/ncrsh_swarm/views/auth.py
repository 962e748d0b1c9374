"""Users, keys and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from .base import Page, View


class Login(View):
    """What a login or a refresh gives."""

    token: str = Field(repr=False)
    token_type: str
    expires_at: datetime
    expires_in: float
    """Seconds."""
    refresh_token: str = Field(repr=False)
    refresh_expires_at: datetime
    role: str
    username: str


class Me(View):
    """Who the caller is."""

    kind: str
    name: str
    role: str | None = None
    expires_at: datetime | None = None


class Jwks(View):
    """Public keys that tokens are signed with (RFC 7517)."""

    keys: list[dict[str, Any]]


class User(View):
    """A user of the swarm."""

    username: str
    role: str
    created_at: datetime | None = None


class UserList(Page):
    """Users of the swarm."""

    users: list[User]


class ApiKey(View):
    """A key for a machine."""

    name: str
    role: str
    created_at: datetime | None = None
    expires_at: datetime | None = None


class ApiKeyCreated(ApiKey):
    """A new key; ``key`` is shown this once."""

    key: str = Field(repr=False)


class ApiKeyList(Page):
    """Keys for machines."""

    keys: list[ApiKey]


class UserDeleted(View):
    """A user who is no more."""

    username: str
    status: str


class ApiKeyDeleted(View):
    """A key that is no more."""

    name: str
    status: str
