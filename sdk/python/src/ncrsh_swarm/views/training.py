"""Training sessions."""

from __future__ import annotations

from datetime import datetime

from .base import Page, View


class Evaluation(View):
    """A validation that the swarm has merged."""

    height: int
    loss: float | None = None
    """Mean loss over the validation batches, in nats."""
    accuracy: float | None = None
    samples: int


class TrainingNode(View):
    """A participant of a session."""

    id: str
    name: str | None = None
    status: str
    batch_progress: float | None = None
    """Inner steps done in the open round as a fraction of the session's ``inner_steps``."""
    loss: float | None = None
    samples_per_second: float | None = None
    reason: str | None = None


class ModelSpec(View):
    """``type`` and the fields of that type, as in a request."""

    type: str


class TrainingProgress(View):
    """How far a session is."""

    epoch: int | None = None
    """Passes over the training split that are complete."""
    total_epochs: int | None = None
    loss: float | None = None
    """Mean training loss of the last committed round, in nats."""
    accuracy: float | None = None
    epochs_done: float | None = None
    round: int | None = None
    height: int | None = None
    """Versions committed after the first."""
    rounds: int | None = None
    batches: int | None = None
    total_batches: int | None = None
    samples: int | None = None
    tokens: int | None = None
    failures_in_a_row: int | None = None


class Validation(View):
    """The first and the last validation of a session."""

    first: Evaluation | None = None
    last: Evaluation | None = None


class TrainingStatus(View):
    """A session; the running one, else the last one, else ``idle``."""

    session_id: str | None = None
    status: str
    queue_position: int | None = None
    """1: it is next; None: it does not wait."""
    progress: TrainingProgress
    nodes: list[TrainingNode]
    dataset: str | None = None
    strategy: str | None = None
    model: ModelSpec | None = None
    model_hash: str | None = None
    validation: Validation
    samples_per_second: float | None = None
    warnings: list[str]
    created_at: datetime | None = None
    created_by: str | None = None
    round_opened_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None


class SessionSummary(View):
    """One session in the history of them."""

    session_id: str
    status: str
    queue_position: int | None = None
    dataset: str | None = None
    strategy: str | None = None
    model_type: str | None = None
    height: int | None = None
    rounds: int
    loss: float | None = None
    model_hash: str | None = None
    created_at: datetime | None = None
    created_by: str
    ended_at: datetime | None = None
    reason: str | None = None


class SessionList(Page):
    """Sessions, newest first."""

    sessions: list[SessionSummary]
