"""Consensus."""

from __future__ import annotations

from datetime import datetime

from .base import View
from .models import Rejected


class ConsensusMember(View):
    """A voter or a learner."""

    id: str
    name: str | None = None
    alive: bool


class Quorum(View):
    """How many voters there are, are needed, and are heard."""

    voters: int
    needed: int
    alive: int
    reachable: bool


class ConsensusStatus(View):
    """Where the answering node's log stands, and who votes."""

    swarm_id: str
    formation: str | None = None
    role: str
    term: int | None = None
    leader: str | None = None
    leader_name: str | None = None
    commit_index: int | None = None
    applied_index: int | None = None
    last_index: int | None = None
    snapshot_index: int | None = None
    quorum: Quorum
    voters: list[ConsensusMember]
    learners: list[ConsensusMember]
    session_id: str | None = None
    round: int | None = None
    height: int | None = None
    model_hash: str | None = None
    decisions: int


class Decision(View):
    """One entry of the history."""

    index: int
    term: int
    at: datetime | None = None
    type: str
    session_id: str | None = None
    round: int | None = None
    height: int | None = None
    model_hash: str | None = None
    contributors: list[str]
    rejected: list[Rejected]
    signers: list[str]
    reason: str | None = None


class History(View):
    """What has been decided, latest first."""

    decisions: list[Decision]
    total: int
    kept: int
    next_before: int | None = None
    """Pass it as ``before`` for the next page; None: this was the last one."""


class VoteFigures(View):
    """A validation."""

    loss: float
    accuracy: float | None = None
    samples: int


class MergedFigures(VoteFigures):
    """The last validation that the swarm has merged."""

    height: int


class VersionVote(View):
    """The answering node's vote on one version of the open round."""

    model_hash: str
    base_hash: str | None = None
    session_id: str
    round: int
    height: int
    term: int
    proposer: str
    proposer_name: str | None = None
    state: str
    recomputed: str | None = None
    reason: str | None = None
    contributors: list[str]
    rejected: list[Rejected]
    samples: int
    training_loss: float | None = None
    validation: VoteFigures | None = None
    last_validation: MergedFigures | None = None
    asked_at: datetime | None = None
    expires_at: datetime | None = None


class Approvals(View):
    """The answering node's votes on the versions of the open round."""

    approval: str | None = None
    timeout_seconds: float | None = None
    pending: int
    votes: list[VersionVote]


class CastVote(View):
    """The vote that the node's operator has cast."""

    vote: str
    model_hash: str
    session_id: str
    round: int
    height: int
    voter: str
    signature: str | None = None
