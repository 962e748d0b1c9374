"""A node made of a function, a clock that does not wait, and a real socket for events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from ncrsh_swarm import SwarmClient

Handler = Callable[[httpx.Request], httpx.Response]
Page = Callable[[Request], Response | None]


def client_of(handler: Handler, **options: Any) -> SwarmClient:
    """A client of a node that answers with ``handler``."""
    return SwarmClient("http://node.test", transport=httpx.MockTransport(handler), **options)


def failure(
    status: int, name: str, *, code: int = 1199, headers: dict[str, str] | None = None, **details: object
) -> httpx.Response:
    """An answer with an error, as a node gives it."""
    error = {"code": code, "name": name, "message": "why", "details": details, "request_id": "r1"}
    return httpx.Response(status, json={"error": error}, headers=headers)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Every wait between attempts, in seconds; none of them is waited for."""
    seen: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        seen.append(seconds)
        await real(0)

    monkeypatch.setattr("ncrsh_swarm._transport.asyncio.sleep", sleep)
    return seen


@asynccontextmanager
async def node(talk: Callable[[ServerConnection], Awaitable[None]], page: Page) -> AsyncIterator[str]:
    """A node on a real port: ``page`` answers plain requests, ``talk`` has the sockets. Gives its address."""

    def process(_: ServerConnection, request: Request) -> Response | None:
        return page(request)

    server: Server
    async with serve(talk, "127.0.0.1", 0, process_request=process) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"http://127.0.0.1:{port}"


def page_of(status: int, body: object) -> Response:
    """A plain answer of ``node``."""
    text = json.dumps(body).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(text))})
    return Response(status, "Answer", headers, text)
