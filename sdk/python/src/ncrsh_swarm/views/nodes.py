"""Nodes."""

from __future__ import annotations

from datetime import datetime

from .base import Page, View


class Performance(View):
    """What was measured of a node."""

    training_speed: float | None = None
    """Samples a second as a fraction of the fastest active node's."""
    memory_usage: float | None = None
    """Resident memory of daemon and trainer as a fraction of the machine's."""
    network_latency: float | None = None
    """Round trip from the answering node, in milliseconds; None for itself."""
    samples_per_second: float | None = None


class Node(View):
    """A node as the answering node knows it."""

    id: str
    name: str | None = None
    address: str | None = None
    """``host:port`` that other nodes reach it at."""
    status: str
    role: str
    model_hash: str | None = None
    last_seen: datetime | None = None
    performance: Performance


class NodeList(Page):
    """Members of the swarm and everybody else who was heard lately."""

    nodes: list[Node]
    active: int


class Memory(View):
    """Of a machine."""

    used_bytes: int | None = None
    total_bytes: int | None = None


class NodeTraining(View):
    """What a node's trainer does."""

    session_id: str | None = None
    phase: str | None = None
    round: int | None = None
    steps: int | None = None
    can_train: bool
    reason: str | None = None


class Connection(View):
    """A connection between the answering node and another."""

    address: str
    direction: str
    latency_ms: float | None = None
    since: datetime | None = None


class Spawned(View):
    """Of a node that the answering node has started and watches over."""

    state: str
    pid: int | None = None
    data_dir: str
    api_address: str | None = None
    restarts: int
    reason: str | None = None
    """Why it is not running."""


class NodeDetail(Node):
    """All that the answering node knows of a node."""

    self: bool
    addresses: list[str]
    version: str | None = None
    backend: str | None = None
    height: int | None = None
    joined_index: int | None = None
    memory: Memory
    training: NodeTraining | None = None
    connections: list[Connection]
    spawned: Spawned | None = None


class NodeRemoved(View):
    """A node that was taken out of the swarm, or stopped."""

    id: str
    name: str | None = None
    status: str


class NodeReadmitted(View):
    """A node that may come back."""

    id: str
    name: str | None = None
    status: str


class NodeCreated(View):
    """A node that was started on the answering node's host."""

    id: str
    name: str | None = None
    address: str | None = None
    api_address: str | None = None
    pid: int | None = None
    data_dir: str | None = None
    status: str
