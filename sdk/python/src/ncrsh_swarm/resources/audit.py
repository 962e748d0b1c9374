"""The audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .._transport import given
from ..views.audit import AuditEntry, AuditLog
from .base import Resource, pages


class Audit(Resource):
    """Who has changed what, as the answering node saw it."""

    async def iterate(
        self,
        *,
        action: str | None = None,
        caller: str | None = None,
        since: str | None = None,
        page_size: int = 100,
    ) -> AsyncIterator[AuditEntry]:
        """All entries, page by page."""

        async def fetch(cursor: str | None) -> AuditLog:
            return await self.list(action=action, caller=caller, since=since, limit=page_size, cursor=cursor)

        async for page in pages(fetch):
            for entry in page.entries:
                yield entry

    async def list(
        self,
        *,
        action: str | None = None,
        caller: str | None = None,
        since: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AuditLog:
        """Entries.

        :param action: id of a route, such as ``training.start``
        :param since: RFC 3339
        """
        query = given(action=action, caller=caller, since=since, limit=limit, cursor=cursor)
        return await self._transport.get(AuditLog, "/api/v1/audit", query=query)
