"""Events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from .base import View
from .training import TrainingNode, TrainingProgress


class Event(View):
    """Something that has happened in the swarm, as the answering node saw it."""

    id: str
    """``<epoch>-<number>``: where to resume after."""
    type: str
    at: datetime
    data: dict[str, Any] = Field(default_factory=dict)


class Progress(TrainingProgress):
    """How far a session is, with whose progress it is; ``data`` of a ``training_progress`` event."""

    session_id: str
    status: str
    samples_per_second: float | None = None
    nodes: list[TrainingNode] = Field(default_factory=list)
