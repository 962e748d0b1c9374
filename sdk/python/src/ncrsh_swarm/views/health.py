"""Probes."""

from __future__ import annotations

from .base import View


class Check(View):
    """Whether one part of the node can do its work, and why not."""

    ok: bool
    reason: str | None = None


class Live(View):
    """The process answers."""

    status: str
    uptime_seconds: int


class Ready(View):
    """Whether the node can do its work; every check says for itself."""

    ready: bool
    checks: dict[str, Check]


class Health(View):
    """Whether the node is well, and who it is."""

    status: str
    ready: bool
    peer_id: str
    name: str
    swarm_id: str
    version: str
    uptime_seconds: int
