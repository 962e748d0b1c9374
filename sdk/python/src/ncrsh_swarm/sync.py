"""The client for code without an event loop: the same operations, each returning when it is done."""

from __future__ import annotations

import ssl
from types import TracebackType
from typing import TYPE_CHECKING

import httpx

from ._loop import LoopThread
from ._retry import RetryPolicy
from ._sync_resources import (
    AuditSync,
    AuthSync,
    ConsensusSync,
    DocsSync,
    EventsSync,
    HealthProbesSync,
    ModelsSync,
    NetworkSync,
    NodesSync,
    SettingsSync,
    TrainingSync,
)
from .client import DEFAULT_URL, SwarmClient

if TYPE_CHECKING:
    from typing_extensions import Self


class SwarmClientSync:
    """As ``SwarmClient``, over an event loop on a thread of its own. May be used from several threads.

    What is an asynchronous iterator there is a plain one here.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        auth_token: str | None = None,
        *,
        refresh_token: str | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
        verify: bool | ssl.SSLContext = True,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        client = SwarmClient(
            base_url,
            auth_token,
            refresh_token=refresh_token,
            timeout=timeout,
            retry=retry,
            verify=verify,
            transport=transport,
        )
        loop = LoopThread()
        self._client = client
        self._loop = loop
        self.audit = AuditSync(client.audit, loop)
        self.auth = AuthSync(client.auth, loop)
        self.consensus = ConsensusSync(client.consensus, loop)
        self.docs = DocsSync(client.docs, loop)
        self.events = EventsSync(client.events, loop)
        self.health = HealthProbesSync(client.health, loop)
        self.models = ModelsSync(client.models, loop)
        self.network = NetworkSync(client.network, loop)
        self.nodes = NodesSync(client.nodes, loop)
        self.settings = SettingsSync(client.settings, loop)
        self.training = TrainingSync(client.training, loop)

    @property
    def auth_token(self) -> str | None:
        """What is sent now: it changes with a login and when it is renewed."""
        return self._client.auth_token

    def close(self) -> None:
        """Closes its connections and ends its thread."""
        try:
            self._loop.run(self._client.aclose())
        finally:
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
