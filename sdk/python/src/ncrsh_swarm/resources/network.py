"""The network."""

from __future__ import annotations

from .._transport import given
from ..views.network import Discovery, NetworkMetrics, Topology
from .base import Resource


class Network(Resource):
    """The network as the answering node sees it."""

    async def topology(self) -> Topology:
        """Nodes, and links between them."""
        return await self._transport.get(Topology, "/api/v1/network/topology")

    async def discover(self, *, timeout: float | str | None = None) -> Discovery:
        """Looks for peers now, and tells what was found.

        :param timeout: as the API takes it
        """
        url = "/api/v1/network/discover"
        return await self._transport.send(Discovery, "POST", url, body=given(timeout=timeout))

    async def metrics(self) -> NetworkMetrics:
        """Connections, latency, traffic and refusals."""
        return await self._transport.get(NetworkMetrics, "/api/v1/network/metrics")
