"""Training sessions."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from .._error_classes import NotFoundError
from .._events import Events
from .._transport import given
from ..views.events import Progress
from ..views.training import SessionList, SessionSummary, TrainingStatus
from .base import Resource, pages

_TRAINING = "/api/v1/training"

ENDED = frozenset({"finished", "stopped", "failed"})
"""Status of a session that does not go on."""

POLL_SECONDS = 10.0
"""Between two looks at the status while no event comes: none is lost for longer."""


class Training(Resource):
    """Training sessions of the swarm."""

    async def start(
        self,
        *,
        dataset: str,
        epochs: int | None = None,
        rounds: int | None = None,
        batch_size: int | None = None,
        learning_rate: float | None = None,
        nodes: Sequence[str] | None = None,
        strategy: str | None = None,
        model: Mapping[str, Any] | None = None,
        tokenizer: str | None = None,
        inner_steps: int | None = None,
        optimizer: str | None = None,
        codec: str | None = None,
        aggregator: str | None = None,
        outer_learning_rate: float | None = None,
        outer_momentum: float | None = None,
        beta1: float | None = None,
        beta2: float | None = None,
        epsilon: float | None = None,
        weight_decay: float | None = None,
        clip_norm: float | None = None,
        warmup_steps: int | None = None,
        final_learning_rate_ratio: float | None = None,
        seed: int | None = None,
        evaluate_every: int | None = None,
        round_timeout: float | str | None = None,
        queue: bool | None = None,
        idempotency_key: str | None = None,
    ) -> TrainingStatus:
        """Starts a session; returns once the swarm has committed it. What is left out is planned by the node.

        :param dataset: such as ``builtin:moby-dick``
        :param nodes: peer ids or names that may contribute; all when left out
        :param model: ``type`` (gpt2, mlp, cnn) and the fields of that type
        :param round_timeout: seconds, or a text such as ``"30s"``
        :param queue: wait for the session that runs, instead of TrainingInProgressError
        :param idempotency_key: the same key never starts two; one of its own when left out, so that a retry is safe
        """
        body = given(
            dataset=dataset,
            epochs=epochs,
            rounds=rounds,
            batch_size=batch_size,
            learning_rate=learning_rate,
            nodes=None if nodes is None else [*nodes],
            strategy=strategy,
            model=None if model is None else dict(model),
            tokenizer=tokenizer,
            inner_steps=inner_steps,
            optimizer=optimizer,
            codec=codec,
            aggregator=aggregator,
            outer_learning_rate=outer_learning_rate,
            outer_momentum=outer_momentum,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
            weight_decay=weight_decay,
            clip_norm=clip_norm,
            warmup_steps=warmup_steps,
            final_learning_rate_ratio=final_learning_rate_ratio,
            seed=seed,
            evaluate_every=evaluate_every,
            round_timeout=round_timeout,
            queue=queue,
        )
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        url = f"{_TRAINING}/start"
        return await self._transport.send(TrainingStatus, "POST", url, body=body, headers=headers)

    async def status(self, *, session_id: str | None = None) -> TrainingStatus:
        """A session; the running one, else the last one, when left out."""
        query = given(session_id=session_id)
        return await self._transport.get(TrainingStatus, f"{_TRAINING}/status", query=query)

    async def stop(self, *, session_id: str | None = None, reason: str | None = None) -> TrainingStatus:
        """Stops a session; its last version stays."""
        return await self._command("stop", given(session_id=session_id, reason=reason))

    async def pause(self, *, session_id: str | None = None, reason: str | None = None) -> TrainingStatus:
        """Pauses a session."""
        return await self._command("pause", given(session_id=session_id, reason=reason))

    async def resume(self, *, session_id: str | None = None) -> TrainingStatus:
        """Goes on with a session that was paused."""
        return await self._command("resume", given(session_id=session_id))

    async def sessions(
        self, *, status: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> SessionList:
        """Sessions, newest first."""
        query = given(status=status, limit=limit, cursor=cursor)
        return await self._transport.get(SessionList, f"{_TRAINING}/sessions", query=query)

    async def iterate_sessions(
        self, *, status: str | None = None, page_size: int = 100
    ) -> AsyncIterator[SessionSummary]:
        """All sessions, page by page."""

        async def fetch(cursor: str | None) -> SessionList:
            return await self.sessions(status=status, limit=page_size, cursor=cursor)

        async for page in pages(fetch):
            for session in page.sessions:
                yield session

    async def stream_progress(
        self, *, session_id: str | None = None, poll_seconds: float = POLL_SECONDS
    ) -> AsyncIterator[Progress]:
        """How far a session is: now, after every change, and when it has ended. Then it ends too.

        Connections that break are taken up again. While no event comes the status is looked at every
        ``poll_seconds``, so that nothing is missed for longer, whatever is lost on the way.

        :param session_id: the running session, else the last one, when left out. Without any: no item
        """
        status = await self.status(session_id=session_id)
        if status.session_id is None:
            return
        session = status.session_id
        last = _progress_of(status, session)
        yield last
        events = _Latest(Events(self._transport, ("training_progress", "session_state")), session)
        try:
            while last.status not in ENDED:
                now = await events.next(poll_seconds)
                if now is None:
                    # Silence, or a session that has changed its state: the status has the whole.
                    now = _progress_of(await self._status_of(session), session)
                if now != last:
                    last = now
                    yield now
        finally:
            await events.close()

    async def _status_of(self, session: str) -> TrainingStatus:
        status = await self.status()
        # Another one runs already; this one has ended.
        return status if status.session_id == session else await self.status(session_id=session)

    async def _command(self, name: str, body: dict[str, Any]) -> TrainingStatus:
        # Nothing to say: no body, which is taken wherever a body may be left out.
        url = f"{_TRAINING}/{name}"
        return await self._transport.send(TrainingStatus, "POST", url, body=body or None)


class _Latest:
    """The newest progress of one session, read by a task of its own: a slow caller gets no queue of old ones."""

    def __init__(self, events: Events, session: str) -> None:
        self._session = session
        self._progress: Progress | None = None
        self._changed = asyncio.Event()
        self._failure: Exception | None = None
        self._task = asyncio.create_task(self._read(events))

    async def next(self, seconds: float) -> Progress | None:
        """None: the status must be asked for, since none came in time or it says nothing of the progress."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except asyncio.TimeoutError:
            return None
        self._changed.clear()
        if self._failure is not None:
            raise self._failure
        progress, self._progress = self._progress, None
        return progress

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self, events: Events) -> None:
        try:
            async for event in events:
                if event.data.get("session_id") != self._session:
                    continue
                if event.type == "training_progress":
                    self._progress = Progress.model_validate(event.data)
                elif event.type == "session_state":
                    self._progress = None
                else:
                    continue
                self._changed.set()
        except NotFoundError:
            # A node without events: the status alone tells.
            return
        except Exception as error:
            self._failure = error
            self._changed.set()


def _progress_of(status: TrainingStatus, session: str) -> Progress:
    return Progress.model_validate(
        {
            **status.progress.model_dump(),
            "session_id": session,
            "status": status.status,
            "samples_per_second": status.samples_per_second,
            "nodes": [node.model_dump() for node in status.nodes],
        }
    )
