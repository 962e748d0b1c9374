"""The operations of ``resources`` for code without an event loop. Made by tools/generate_sync.py."""

# ruff: noqa: E501, I001, F401, UP035
# fmt: off
from __future__ import annotations

from ._files import OnTransfer
from ._loop import LoopThread
from .resources import audit as _audit
from .resources import auth as _auth
from .resources import consensus as _consensus
from .resources import docs as _docs
from .resources import events as _events
from .resources import health as _health
from .resources import models as _models
from .resources import network as _network
from .resources import nodes as _nodes
from .resources import settings as _settings
from .resources import training as _training
from .resources.models import Tags
from .resources.training import POLL_SECONDS
from .views.audit import AuditEntry
from .views.audit import AuditLog
from .views.auth import ApiKeyCreated
from .views.auth import ApiKeyDeleted
from .views.auth import ApiKeyList
from .views.auth import Jwks
from .views.auth import Login
from .views.auth import Me
from .views.auth import User
from .views.auth import UserDeleted
from .views.auth import UserList
from .views.consensus import Approvals
from .views.consensus import CastVote
from .views.consensus import ConsensusStatus
from .views.consensus import Decision
from .views.consensus import History
from .views.events import Event
from .views.events import Progress
from .views.health import Health
from .views.health import Live
from .views.health import Ready
from .views.models import Certificate
from .views.models import Download
from .views.models import Lineage
from .views.models import Model
from .views.models import ModelDeleted
from .views.models import ModelList
from .views.models import ModelLoaded
from .views.network import Discovery
from .views.network import NetworkMetrics
from .views.network import Topology
from .views.nodes import Node
from .views.nodes import NodeCreated
from .views.nodes import NodeDetail
from .views.nodes import NodeList
from .views.nodes import NodeReadmitted
from .views.nodes import NodeRemoved
from .views.settings import Setting
from .views.settings import SettingDeleted
from .views.settings import SettingList
from .views.training import SessionList
from .views.training import SessionSummary
from .views.training import TrainingStatus
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
import os


class AuditSync:
    """Who has changed what, as the answering node saw it."""

    def __init__(self, inner: _audit.Audit, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def iterate(self, *, action: str | None=None, caller: str | None=None, since: str | None=None, page_size: int=100) -> Iterator[AuditEntry]:
        """All entries, page by page."""
        return self._loop.iterate(self._inner.iterate(action=action, caller=caller, since=since, page_size=page_size))

    def list(self, *, action: str | None=None, caller: str | None=None, since: str | None=None, limit: int | None=None, cursor: str | None=None) -> AuditLog:
        """Entries.

        :param action: id of a route, such as ``training.start``
        :param since: RFC 3339
        """
        return self._loop.run(self._inner.list(action=action, caller=caller, since=since, limit=limit, cursor=cursor))


class AuthSync:
    """Who may do what. A login here is the client's own: its token goes along with every later request."""

    def __init__(self, inner: _auth.Auth, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def login(self, username: str, password: str) -> Login:
        """Gets a token, and renews it from then on before it ends."""
        return self._loop.run(self._inner.login(username, password))

    def refresh(self, refresh_token: str | None=None) -> Login:
        """Renews the token. Done by itself before it ends.

        :param refresh_token: the client's own when left out
        """
        return self._loop.run(self._inner.refresh(refresh_token))

    def logout(self, refresh_token: str | None=None) -> None:
        """Revokes the token and what renews it; the client is nobody afterwards.

        :param refresh_token: the client's own when left out
        """
        return self._loop.run(self._inner.logout(refresh_token))

    def me(self) -> Me:
        """Who the node takes the client for."""
        return self._loop.run(self._inner.me())

    def jwks(self) -> Jwks:
        """Public keys that tokens are signed with."""
        return self._loop.run(self._inner.jwks())

    def users(self) -> UserList:
        """Users of the swarm."""
        return self._loop.run(self._inner.users())

    def create_user(self, *, username: str, password: str, role: str) -> User:
        """Adds a user.

        :param role: viewer, operator or admin
        """
        return self._loop.run(self._inner.create_user(username=username, password=password, role=role))

    def update_user(self, username: str, *, password: str | None=None, role: str | None=None) -> User:
        """Changes a user's password or role."""
        return self._loop.run(self._inner.update_user(username, password=password, role=role))

    def delete_user(self, username: str) -> UserDeleted:
        """Deletes a user."""
        return self._loop.run(self._inner.delete_user(username))

    def keys(self) -> ApiKeyList:
        """Keys for machines."""
        return self._loop.run(self._inner.keys())

    def create_key(self, *, name: str, role: str, expires_in: float | str | None=None) -> ApiKeyCreated:
        """Makes a key for a machine; it is shown this once.

        :param expires_in: as the API takes it
        """
        return self._loop.run(self._inner.create_key(name=name, role=role, expires_in=expires_in))

    def delete_key(self, name: str) -> ApiKeyDeleted:
        """Deletes a key."""
        return self._loop.run(self._inner.delete_key(name))


class ConsensusSync:
    """What the swarm agrees on, and how."""

    def __init__(self, inner: _consensus.Consensus, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def status(self) -> ConsensusStatus:
        """Leader, voters, quorum, log, current version."""
        return self._loop.run(self._inner.status())

    def approvals(self) -> Approvals:
        """The node's votes on the versions of the open round."""
        return self._loop.run(self._inner.approvals())

    def vote(self, *, vote: str, model_hash: str, reason: str | None=None) -> CastVote:
        """The vote of the node's operator on a version that waits for it.

        :param vote: approve or reject
        """
        return self._loop.run(self._inner.vote(vote=vote, model_hash=model_hash, reason=reason))

    def history(self, *, limit: int | None=None, before: int | None=None, type: str | None=None) -> History:
        """Decisions, latest first.

        :param before: only entries with a smaller index; ``next_before`` of the page before
        :param type: only such entries
        """
        return self._loop.run(self._inner.history(limit=limit, before=before, type=type))

    def iterate_history(self, *, type: str | None=None, page_size: int=100) -> Iterator[Decision]:
        """All decisions that are kept, latest first, page by page."""
        return self._loop.iterate(self._inner.iterate_history(type=type, page_size=page_size))


class DocsSync:
    """The API's description of itself."""

    def __init__(self, inner: _docs.Docs, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        return self._loop.run(self._inner.openapi())

    def reference(self) -> str:
        """The reference, in HTML."""
        return self._loop.run(self._inner.reference())


class EventsSync:
    """What happens in the swarm, as it happens."""

    def __init__(self, inner: _events.Events, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def stream(self, *types: str, after: str | None=None) -> Iterator[Event]:
        """Events, without an end. A connection that breaks is taken up again after the last event.

        :param types: such as ``node_joined``; all when there are none
        :param after: id of the last event that is known already
        :raises StreamClosed: it could not be taken up again
        """
        return self._loop.iterate(self._inner.stream(*types, after=after))


class HealthProbesSync:
    """Whether a node is well; asks for no token."""

    def __init__(self, inner: _health.HealthProbes, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def health(self) -> Health:
        """Whether the node is well, and who it is."""
        return self._loop.run(self._inner.health())

    def ready(self) -> Ready:
        """Whether the node can do its work, and what is missing; no error while it cannot."""
        return self._loop.run(self._inner.ready())

    def live(self) -> Live:
        """Whether the process answers."""
        return self._loop.run(self._inner.live())

    def metrics(self) -> str:
        """Metrics in Prometheus' text format."""
        return self._loop.run(self._inner.metrics())


class ModelsSync:
    """Models of sessions, and those that were saved and uploaded."""

    def __init__(self, inner: _models.Models, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def get(self, model_id: str) -> Model:
        """One model."""
        return self._loop.run(self._inner.get(model_id))

    def save(self, *, name: str | None=None, tags: Tags | None=None, session_id: str | None=None, height: int | None=None) -> Model:
        """Keeps a version under a name; the current one when nothing else is said."""
        return self._loop.run(self._inner.save(name=name, tags=tags, session_id=session_id, height=height))

    def load(self, model_id: str, *, rounds: int | None=None) -> ModelLoaded:
        """Begins a session with a saved or uploaded model, by a decision of the swarm."""
        return self._loop.run(self._inner.load(model_id, rounds=rounds))

    def upload(self, file: str | os.PathLike[str], *, name: str | None=None, tags: Tags | None=None, like: str | None=None, on_progress: OnTransfer | None=None) -> Model:
        """Uploads a checkpoint (.tar) or weights (.safetensors).

        :param like: a model whose kind the tensors are of, for a file that does not say so
        """
        return self._loop.run(self._inner.upload(file, name=name, tags=tags, like=like, on_progress=on_progress))

    def download(self, model_id: str, to: str | os.PathLike[str], *, format: str | None=None, on_progress: OnTransfer | None=None) -> Download:
        """Downloads a model into a file, which is there only once it is whole and its hashes are right.

        A connection that breaks is taken up again where it broke.

        :param to: the file
        :param format: tar (checkpoint, the default of a node) or safetensors (weights alone)
        :raises HashMismatch: what came is not what the node said
        """
        return self._loop.run(self._inner.download(model_id, to, format=format, on_progress=on_progress))

    def delete(self, model_id: str) -> ModelDeleted:
        """Deletes a saved or uploaded model."""
        return self._loop.run(self._inner.delete(model_id))

    def lineage(self, model_id: str, *, limit: int | None=None, cursor: str | None=None) -> Lineage:
        """The certificates behind a model, from height 0 on."""
        return self._loop.run(self._inner.lineage(model_id, limit=limit, cursor=cursor))

    def iterate_lineage(self, model_id: str, *, page_size: int=100) -> Iterator[Certificate]:
        """All certificates behind a model, page by page."""
        return self._loop.iterate(self._inner.iterate_lineage(model_id, page_size=page_size))

    def iterate(self, *, page_size: int=100) -> Iterator[Model]:
        """All models, page by page."""
        return self._loop.iterate(self._inner.iterate(page_size=page_size))

    def list(self, *, limit: int | None=None, cursor: str | None=None) -> ModelList:
        """Models, newest first."""
        return self._loop.run(self._inner.list(limit=limit, cursor=cursor))


class NetworkSync:
    """The network as the answering node sees it."""

    def __init__(self, inner: _network.Network, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def topology(self) -> Topology:
        """Nodes, and links between them."""
        return self._loop.run(self._inner.topology())

    def discover(self, *, timeout: float | str | None=None) -> Discovery:
        """Looks for peers now, and tells what was found.

        :param timeout: as the API takes it
        """
        return self._loop.run(self._inner.discover(timeout=timeout))

    def metrics(self) -> NetworkMetrics:
        """Connections, latency, traffic and refusals."""
        return self._loop.run(self._inner.metrics())


class NodesSync:
    """The nodes of the swarm."""

    def __init__(self, inner: _nodes.Nodes, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def get(self, node_id: str) -> NodeDetail:
        """A node, by peer id or by a name that only one node has."""
        return self._loop.run(self._inner.get(node_id))

    def create(self, config: Mapping[str, Any] | None=None) -> NodeCreated:
        """Starts a node on the answering node's host.

        :param config: ``model_config``, ``network_config`` and ``name``, as in the API
        """
        return self._loop.run(self._inner.create(config))

    def remove(self, node_id: str, *, purge: bool | None=None) -> NodeRemoved:
        """Takes a node out of the swarm; one that the answering node has started is stopped.

        :param purge: delete the data folder of such a one
        """
        return self._loop.run(self._inner.remove(node_id, purge=purge))

    def readmit(self, node_id: str) -> NodeReadmitted:
        """Lets a node that was removed come back."""
        return self._loop.run(self._inner.readmit(node_id))

    def iterate(self, *, status: str | None=None, role: str | None=None, name: str | None=None, sort: str | None=None, page_size: int=100) -> Iterator[Node]:
        """All nodes, page by page."""
        return self._loop.iterate(self._inner.iterate(status=status, role=role, name=name, sort=sort, page_size=page_size))

    def list(self, *, status: str | None=None, role: str | None=None, name: str | None=None, sort: str | None=None, limit: int | None=None, cursor: str | None=None) -> NodeList:
        """The nodes; without ``limit`` all of them.

        :param sort: id, name, last_seen, training_speed, memory_usage or network_latency; descending with a leading -
        """
        return self._loop.run(self._inner.list(status=status, role=role, name=name, sort=sort, limit=limit, cursor=cursor))


class SettingsSync:
    """Settings that all nodes of the swarm share."""

    def __init__(self, inner: _settings.Settings, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def get(self, key: str, *, consistency: str | None=None, after: int | None=None, timeout_ms: int | None=None) -> Setting:
        """One setting.

        :param consistency: linearizable (the default of a node) or local
        :param after: answers once it is newer than this revision
        :param timeout_ms: or after so long
        """
        return self._loop.run(self._inner.get(key, consistency=consistency, after=after, timeout_ms=timeout_ms))

    def set(self, key: str, value: Any, *, if_revision: int | None=None, create: bool=False) -> Setting:
        """Sets it; returns once the swarm has committed it.

        :param if_revision: only if this is its revision (compare and set), else SettingConflictError
        :param create: only if there is none yet
        """
        return self._loop.run(self._inner.set(key, value, if_revision=if_revision, create=create))

    def delete(self, key: str, *, if_revision: int | None=None) -> SettingDeleted:
        """Deletes it."""
        return self._loop.run(self._inner.delete(key, if_revision=if_revision))

    def watch(self) -> Iterator[SettingList]:
        """The settings, and again after every change."""
        return self._loop.iterate(self._inner.watch())

    def list(self, *, consistency: str | None=None, after: int | None=None, timeout_ms: int | None=None) -> SettingList:
        """All settings; with ``after`` once something is newer than that revision."""
        return self._loop.run(self._inner.list(consistency=consistency, after=after, timeout_ms=timeout_ms))


class TrainingSync:
    """Training sessions of the swarm."""

    def __init__(self, inner: _training.Training, loop: LoopThread) -> None:
        self._inner = inner
        self._loop = loop

    def start(self, *, dataset: str, epochs: int | None=None, rounds: int | None=None, batch_size: int | None=None, learning_rate: float | None=None, nodes: Sequence[str] | None=None, strategy: str | None=None, model: Mapping[str, Any] | None=None, tokenizer: str | None=None, inner_steps: int | None=None, optimizer: str | None=None, codec: str | None=None, aggregator: str | None=None, outer_learning_rate: float | None=None, outer_momentum: float | None=None, beta1: float | None=None, beta2: float | None=None, epsilon: float | None=None, weight_decay: float | None=None, clip_norm: float | None=None, warmup_steps: int | None=None, final_learning_rate_ratio: float | None=None, seed: int | None=None, evaluate_every: int | None=None, round_timeout: float | str | None=None, queue: bool | None=None, idempotency_key: str | None=None) -> TrainingStatus:
        """Starts a session; returns once the swarm has committed it. What is left out is planned by the node.

        :param dataset: such as ``builtin:moby-dick``
        :param nodes: peer ids or names that may contribute; all when left out
        :param model: ``type`` (gpt2, mlp, cnn) and the fields of that type
        :param round_timeout: seconds, or a text such as ``"30s"``
        :param queue: wait for the session that runs, instead of TrainingInProgressError
        :param idempotency_key: the same key never starts two; one of its own when left out, so that a retry is safe
        """
        return self._loop.run(self._inner.start(dataset=dataset, epochs=epochs, rounds=rounds, batch_size=batch_size, learning_rate=learning_rate, nodes=nodes, strategy=strategy, model=model, tokenizer=tokenizer, inner_steps=inner_steps, optimizer=optimizer, codec=codec, aggregator=aggregator, outer_learning_rate=outer_learning_rate, outer_momentum=outer_momentum, beta1=beta1, beta2=beta2, epsilon=epsilon, weight_decay=weight_decay, clip_norm=clip_norm, warmup_steps=warmup_steps, final_learning_rate_ratio=final_learning_rate_ratio, seed=seed, evaluate_every=evaluate_every, round_timeout=round_timeout, queue=queue, idempotency_key=idempotency_key))

    def status(self, *, session_id: str | None=None) -> TrainingStatus:
        """A session; the running one, else the last one, when left out."""
        return self._loop.run(self._inner.status(session_id=session_id))

    def stop(self, *, session_id: str | None=None, reason: str | None=None) -> TrainingStatus:
        """Stops a session; its last version stays."""
        return self._loop.run(self._inner.stop(session_id=session_id, reason=reason))

    def pause(self, *, session_id: str | None=None, reason: str | None=None) -> TrainingStatus:
        """Pauses a session."""
        return self._loop.run(self._inner.pause(session_id=session_id, reason=reason))

    def resume(self, *, session_id: str | None=None) -> TrainingStatus:
        """Goes on with a session that was paused."""
        return self._loop.run(self._inner.resume(session_id=session_id))

    def sessions(self, *, status: str | None=None, limit: int | None=None, cursor: str | None=None) -> SessionList:
        """Sessions, newest first."""
        return self._loop.run(self._inner.sessions(status=status, limit=limit, cursor=cursor))

    def iterate_sessions(self, *, status: str | None=None, page_size: int=100) -> Iterator[SessionSummary]:
        """All sessions, page by page."""
        return self._loop.iterate(self._inner.iterate_sessions(status=status, page_size=page_size))

    def stream_progress(self, *, session_id: str | None=None, poll_seconds: float=POLL_SECONDS) -> Iterator[Progress]:
        """How far a session is: now, after every change, and when it has ended. Then it ends too.

        Connections that break are taken up again. While no event comes the status is looked at every
        ``poll_seconds``, so that nothing is missed for longer, whatever is lost on the way.

        :param session_id: the running session, else the last one, when left out. Without any: no item
        """
        return self._loop.iterate(self._inner.stream_progress(session_id=session_id, poll_seconds=poll_seconds))
