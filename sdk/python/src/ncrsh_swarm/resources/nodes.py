"""Nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from .._transport import given, path
from ..views.nodes import Node, NodeCreated, NodeDetail, NodeList, NodeReadmitted, NodeRemoved
from .base import Resource, pages

_NODES = "/api/v1/nodes"


class Nodes(Resource):
    """The nodes of the swarm."""

    async def get(self, node_id: str) -> NodeDetail:
        """A node, by peer id or by a name that only one node has."""
        return await self._transport.get(NodeDetail, path(_NODES + "/{id}", id=node_id))

    async def create(self, config: Mapping[str, Any] | None = None) -> NodeCreated:
        """Starts a node on the answering node's host.

        :param config: ``model_config``, ``network_config`` and ``name``, as in the API
        """
        body = {"config": dict(config or {})}
        return await self._transport.send(NodeCreated, "POST", _NODES, body=body)

    async def remove(self, node_id: str, *, purge: bool | None = None) -> NodeRemoved:
        """Takes a node out of the swarm; one that the answering node has started is stopped.

        :param purge: delete the data folder of such a one
        """
        url = path(_NODES + "/{id}", id=node_id)
        return await self._transport.send(NodeRemoved, "DELETE", url, query=given(purge=purge))

    async def readmit(self, node_id: str) -> NodeReadmitted:
        """Lets a node that was removed come back."""
        url = path(_NODES + "/{id}/readmit", id=node_id)
        return await self._transport.send(NodeReadmitted, "POST", url)

    async def iterate(
        self,
        *,
        status: str | None = None,
        role: str | None = None,
        name: str | None = None,
        sort: str | None = None,
        page_size: int = 100,
    ) -> AsyncIterator[Node]:
        """All nodes, page by page."""

        async def fetch(cursor: str | None) -> NodeList:
            return await self.list(status=status, role=role, name=name, sort=sort, limit=page_size, cursor=cursor)

        async for page in pages(fetch):
            for node in page.nodes:
                yield node

    async def list(
        self,
        *,
        status: str | None = None,
        role: str | None = None,
        name: str | None = None,
        sort: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> NodeList:
        """The nodes; without ``limit`` all of them.

        :param sort: id, name, last_seen, training_speed, memory_usage or network_latency; descending with a leading -
        """
        query = given(status=status, role=role, name=name, sort=sort, limit=limit, cursor=cursor)
        return await self._transport.get(NodeList, _NODES, query=query)
