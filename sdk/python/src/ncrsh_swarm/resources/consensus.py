"""Consensus."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .._transport import given
from ..views.consensus import Approvals, CastVote, ConsensusStatus, Decision, History
from .base import Resource


class Consensus(Resource):
    """What the swarm agrees on, and how."""

    async def status(self) -> ConsensusStatus:
        """Leader, voters, quorum, log, current version."""
        return await self._transport.get(ConsensusStatus, "/api/v1/consensus/status")

    async def approvals(self) -> Approvals:
        """The node's votes on the versions of the open round."""
        return await self._transport.get(Approvals, "/api/v1/consensus/approvals")

    async def vote(self, *, vote: str, model_hash: str, reason: str | None = None) -> CastVote:
        """The vote of the node's operator on a version that waits for it.

        :param vote: approve or reject
        """
        body = given(vote=vote, model_hash=model_hash, reason=reason)
        return await self._transport.send(CastVote, "POST", "/api/v1/consensus/vote", body=body)

    async def history(self, *, limit: int | None = None, before: int | None = None, type: str | None = None) -> History:
        """Decisions, latest first.

        :param before: only entries with a smaller index; ``next_before`` of the page before
        :param type: only such entries
        """
        query = given(limit=limit, before=before, type=type)
        return await self._transport.get(History, "/api/v1/consensus/history", query=query)

    async def iterate_history(self, *, type: str | None = None, page_size: int = 100) -> AsyncIterator[Decision]:
        """All decisions that are kept, latest first, page by page."""
        before: int | None = None
        while True:
            page = await self.history(limit=page_size, before=before, type=type)
            for decision in page.decisions:
                yield decision
            before = page.next_before
            if before is None:
                return
