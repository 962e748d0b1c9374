"""The swarm's settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from .._transport import given, path
from ..views.settings import Setting, SettingDeleted, SettingList
from .base import Resource

_SETTINGS = "/api/v1/settings"
_WAIT_MS = 20_000
"""Below the timeout of a request."""


class Settings(Resource):
    """Settings that all nodes of the swarm share."""

    async def get(
        self,
        key: str,
        *,
        consistency: str | None = None,
        after: int | None = None,
        timeout_ms: int | None = None,
    ) -> Setting:
        """One setting.

        :param consistency: linearizable (the default of a node) or local
        :param after: answers once it is newer than this revision
        :param timeout_ms: or after so long
        """
        query = given(consistency=consistency, after=after, timeout_ms=timeout_ms)
        url = path(_SETTINGS + "/{key}", key=key)
        return await self._transport.get(Setting, url, query=query)

    async def set(self, key: str, value: Any, *, if_revision: int | None = None, create: bool = False) -> Setting:
        """Sets it; returns once the swarm has committed it.

        :param if_revision: only if this is its revision (compare and set), else SettingConflictError
        :param create: only if there is none yet
        """
        url = path(_SETTINGS + "/{key}", key=key)
        headers = {"If-None-Match": "*"} if create else _if_match(if_revision)
        body = {"value": value}
        return await self._transport.send(Setting, "PUT", url, body=body, headers=headers)

    async def delete(self, key: str, *, if_revision: int | None = None) -> SettingDeleted:
        """Deletes it."""
        url = path(_SETTINGS + "/{key}", key=key)
        headers = _if_match(if_revision)
        return await self._transport.send(SettingDeleted, "DELETE", url, headers=headers)

    async def watch(self) -> AsyncIterator[SettingList]:
        """The settings, and again after every change."""
        seen = await self.list()
        yield seen
        while True:
            now = await self.list(after=seen.revision, timeout_ms=_WAIT_MS)
            if now.revision != seen.revision:
                seen = now
                yield now

    async def list(
        self,
        *,
        consistency: str | None = None,
        after: int | None = None,
        timeout_ms: int | None = None,
    ) -> SettingList:
        """All settings; with ``after`` once something is newer than that revision."""
        query = given(consistency=consistency, after=after, timeout_ms=timeout_ms)
        return await self._transport.get(SettingList, _SETTINGS, query=query)


def _if_match(revision: int | None) -> dict[str, str]:
    return {} if revision is None else {"If-Match": f'"{revision}"'}
