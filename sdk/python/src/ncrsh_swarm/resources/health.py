"""Probes and metrics."""

from __future__ import annotations

from ..views.health import Health, Live, Ready
from .base import Resource


class HealthProbes(Resource):
    """Whether a node is well; asks for no token."""

    async def health(self) -> Health:
        """Whether the node is well, and who it is."""
        return await self._transport.get(Health, "/health")

    async def ready(self) -> Ready:
        """Whether the node can do its work, and what is missing; no error while it cannot."""
        # No retry: that it is not ready is the answer.
        return await self._transport.get(Ready, "/health/ready", accept=frozenset({503}))

    async def live(self) -> Live:
        """Whether the process answers."""
        return await self._transport.get(Live, "/health/live")

    async def metrics(self) -> str:
        """Metrics in Prometheus' text format."""
        headers = {"Accept": "text/plain"}
        return (await self._transport.request("GET", "/metrics", headers=headers)).text
