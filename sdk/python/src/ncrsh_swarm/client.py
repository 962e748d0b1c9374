"""The client."""

from __future__ import annotations

import ssl
from types import TracebackType
from typing import TYPE_CHECKING

import httpx

from ._credentials import Credentials
from ._retry import RetryPolicy
from ._transport import Transport, default_client
from .resources import (
    Audit,
    Auth,
    Consensus,
    Docs,
    Events,
    HealthProbes,
    Models,
    Network,
    Nodes,
    Settings,
    Training,
)

if TYPE_CHECKING:
    from typing_extensions import Self

DEFAULT_URL = "http://127.0.0.1:8080"


class SwarmClient:
    """A client of one node of the swarm; any node will do.

    Usable without ``async with`` too; call ``aclose`` at the end then.

    :param base_url: address of the node's API
    :param auth_token: a token or an API key. Without one: ``client.auth.login``
    :param refresh_token: renews the token when the node does not take it any more
    :param timeout: seconds that the node may be silent; the slowest operations answer within 25
    :param retry: how often and how patiently 429, 503 and broken connections are tried again
    :param verify: of TLS: whether, or against what, the node's certificate is checked
    :param transport: of httpx, for tests
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
        credentials = Credentials(auth_token, refresh_token)
        client = default_client(base_url, timeout, verify, transport)
        self._transport = Transport(client, credentials, retry or RetryPolicy(), verify)
        self.audit = Audit(self._transport)
        self.auth = Auth(self._transport)
        self.consensus = Consensus(self._transport)
        self.docs = Docs(self._transport)
        self.events = Events(self._transport)
        self.health = HealthProbes(self._transport)
        self.models = Models(self._transport)
        self.network = Network(self._transport)
        self.nodes = Nodes(self._transport)
        self.settings = Settings(self._transport)
        self.training = Training(self._transport)

    @property
    def auth_token(self) -> str | None:
        """What is sent now: it changes with a login and when it is renewed."""
        return self._transport.credentials.token

    async def aclose(self) -> None:
        """Closes its connections."""
        await self._transport.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
