"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .base import Page, View


class AuditEntry(View):
    """One call that changed something, or tried to."""

    seq: int
    at: datetime | None = None
    caller: str | None = None
    role: str | None = None
    action: str
    method: str
    path: str
    address: str | None = None
    outcome: str
    """``ok``, or the name of the error."""
    status: int | None = None
    request_id: str
    details: dict[str, Any] | None = None
    hash: str
    previous: str | None = None


class AuditLog(Page):
    """Entries of the audit log."""

    entries: list[AuditEntry]
