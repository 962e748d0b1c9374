"""The swarm's settings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .base import View


class Setting(View):
    """One setting of the swarm."""

    key: str
    value: Any
    revision: int
    """Log index of the change that made it; also its ETag."""
    updated_by: str
    updated_at: datetime | None = None


class KnownSetting(View):
    """A key that means something to the node's version."""

    key: str
    allowed: str
    about: str
    overrides: str


class SettingList(View):
    """All settings of the swarm."""

    settings: list[Setting]
    total: int
    revision: int
    """Of the last change of any of them; 0: there never was one."""
    known: list[KnownSetting]


class SettingDeleted(View):
    """A setting that is no more."""

    key: str
    status: str
    revision: int
