"""The network as the answering node sees it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from .base import View


class TopologyNode(View):
    """A node, and whether the answering node has a connection to it."""

    id: str
    name: str | None = None
    address: str | None = None
    status: str
    role: str
    connected: bool


class Link(View):
    """A connection between two nodes."""

    source: str
    target: str
    address: str | None = None
    direction: str | None = None
    latency_ms: float | None = None
    since: datetime | None = None


class Mesh(View):
    """Whom the answering node exchanges whole gossip messages with, of one topic."""

    topic: str
    peers: list[str]


class Topology(View):
    """The nodes, and the answering node's own connections to them."""

    self: str
    leader: str | None = None
    """Peer id of the leader that the answering node follows."""
    nodes: list[TopologyNode]
    links: list[Link]
    mesh: list[Mesh] = Field(default_factory=list)


class ConnectionCount(View):
    """Open connections by who opened them."""

    total: int
    inbound: int
    outbound: int


class LatencySummary(View):
    """Round trips to connected peers, in milliseconds."""

    min: float | None = None
    median: float | None = None
    p95: float | None = None
    max: float | None = None
    peers: int


class ByteCount(View):
    """Bytes since the process started."""

    sent: int | None = None
    received: int | None = None


class GossipCount(View):
    """Messages of one topic by verdict."""

    topic: str
    accepted: int
    ignored: int
    rejected: int


class BlobCount(View):
    """Bytes of model versions and updates."""

    bytes_fetched: int
    bytes_served: int
    corrupt_chunks: int


class LatencyBucket(View):
    """Round trips up to so many milliseconds; None: any."""

    at_most_ms: float | None = None
    count: int


class LatencyHistogram(View):
    """Round trips since the process started; buckets are cumulative, as in Prometheus."""

    buckets: list[LatencyBucket]
    count: int
    sum_ms: float


class ProtocolTraffic(View):
    """What the streams of one protocol carried."""

    protocol: str
    bytes_sent: int
    bytes_received: int
    streams_inbound: int
    streams_outbound: int


class PeerScore(View):
    """A connected peer, with gossipsub's score of it."""

    id: str
    score: float
    latency_ms: float | None = None


class NetworkMetrics(View):
    """The answering node's traffic since its process started."""

    connections: ConnectionCount
    peers_connected: int
    latency_ms: LatencySummary
    latency_histogram: LatencyHistogram | None = None
    bytes: ByteCount
    gossip: list[GossipCount]
    blobs: BlobCount
    refused: dict[str, int]
    protocols: list[ProtocolTraffic] = Field(default_factory=list)
    peers: list[PeerScore] = Field(default_factory=list)


class FoundPeer(View):
    """A peer that a discovery has found."""

    id: str
    name: str | None = None
    address: str | None = None
    via: str | None = None


class FailedPeer(View):
    """A peer that could not be reached."""

    id: str
    reason: str


class Discovery(View):
    """What a discovery has found."""

    peers_before: int
    peers_after: int
    found: list[FoundPeer]
    dialed: int
    failed: list[FailedPeer]
    duration_ms: float
