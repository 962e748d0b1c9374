"""Models: what sessions make, and what is saved and uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import Field

from .base import Page, View
from .training import Evaluation


class Model(View):
    """A version of a session, or a saved or uploaded model."""

    id: str
    kind: str = "session"
    name: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    session_id: str | None = None
    status: str | None = None
    height: int
    model_hash: str
    bytes: int
    """Weights and outer optimizer state."""
    type: str | None = None
    dataset: str | None = None
    loss: float | None = None
    validation: Evaluation | None = None
    created_at: datetime | None = None
    created_by: str | None = None
    ended_at: datetime | None = None
    available: bool
    """Whether the answering node holds its bytes, so that it can be downloaded there."""
    download: str


class ModelList(Page):
    """Models, newest first."""

    models: list[Model]


class ModelLoaded(View):
    """The session that begins with a model."""

    model_id: str
    session_id: str
    height: int
    model_hash: str


class ModelDeleted(View):
    """A model that was deleted."""

    model_id: str
    status: str


class Rejected(View):
    """An update that was not counted, and why."""

    peer: str
    reason: str


class CertificateUpdate(View):
    """An update that went into a version."""

    peer: str
    manifest: str
    payload: str
    steps: int
    samples: int
    loss: float | None = None


class CertificateVote(View):
    """A voter's Ed25519 signature over the decision, in Base64."""

    peer: str
    signature: str


class Certificate(View):
    """The signatures of a majority under one version."""

    digest: str
    session_id: str
    height: int
    round: int
    term: int
    model_hash: str
    bytes: int
    base: str | None = None
    parent: str | None = None
    updates: list[CertificateUpdate]
    rejected: list[Rejected]
    committee: list[str]
    votes: list[CertificateVote]


class Lineage(Page):
    """The certificates behind a model, from height 0 on."""

    certificates: list[Certificate]


@dataclass(frozen=True)
class Download:
    """A file that was received whole."""

    path: Path
    bytes: int
    """Of the whole file."""
    sha256: str
    """Hex digits, of the whole file."""
    etag: str | None
    verified: bool
    """Whether the node said what the hash of the file is. It was compared then."""
    resumed_at: int
    """Bytes that were there already, 0 for a download from the start."""


@dataclass(frozen=True)
class Transfer:
    """How far an upload or a download is."""

    bytes: int
    total: int | None
    """None while the other side does not say how much it will be."""
