"""The stream of events over WebSocket: taken up again after the last event when the connection breaks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Iterable
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from ._retry import RetryPolicy, retry_after_seconds
from ._transport import Transport
from .errors import APIError, StreamClosed, SwarmError, error_from
from .views.events import Event

EVENT_BYTES_MAX = 1 << 20
"""Of one message; a larger one breaks the connection."""

UNAUTHENTICATED = 4401
"""Close code: the token does not count (any more)."""

FINAL = frozenset({1002, 1003, 1007, 1008, 1009, 1010, 4429})
"""Close codes after which the same connection would be closed again."""

ABOUT_THE_STREAM = frozenset({"hello", "authenticated", "subscribed", "resumed", "pong", "error"})
"""Messages that are no events."""


class _Closed(Exception):  # noqa: N818
    """The node has closed the connection, which may be made again."""

    def __init__(self, code: int | None, why: SwarmError) -> None:
        super().__init__(str(why))
        self.code = code
        self.why = why


class Events:
    """One reader's events, in order; iterate over it once.

    :param types: only such; all that the caller may see when there are none
    :param after: id of the last event that is known already
    :param retry: how often in a row a connection may fail before ``StreamClosed`` is raised
    """

    def __init__(
        self,
        transport: Transport,
        types: Iterable[str] = (),
        after: str | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._transport = transport
        self._types = tuple(types)
        self._retry = retry or transport.retry
        self.last_id = after
        """Of the last event that was given out."""
        self.connections = 0
        """How often a connection was made: more than 1 after a reconnect."""
        self.gaps = 0
        """How often events were lost: the node does not keep them for ever, and none over its own restart."""

    async def __aiter__(self) -> AsyncIterator[Event]:
        failures = 0
        while True:
            problem: Exception
            used = self._transport.credentials.token
            try:
                async with await self._connect() as socket:
                    self.connections += 1
                    async for event in self._read(socket):
                        failures = 0
                        self.last_id = event.id
                        yield event
                problem = StreamClosed("the node closed the stream")
            except _Closed as closed:
                problem = closed.why
                if closed.code in FINAL:
                    raise problem from closed
                if closed.code == UNAUTHENTICATED and not await self._transport.renew(used):
                    raise problem from closed
            except (OSError, WebSocketException, TimeoutError) as error:
                problem = error
            except APIError as error:
                if error.status not in (429, 503):
                    raise
                problem = error
            failures += 1
            asked = problem.retry_after if isinstance(problem, APIError) else None
            wait = self._retry.wait(failures, asked, random.random())
            if wait is None:
                text = f"the stream of events broke {failures} times in a row: {problem}"
                raise StreamClosed(text) from problem
            await asyncio.sleep(wait)

    async def _connect(self) -> ClientConnection:
        await self._transport.renew_if_needed()
        query = {}
        if self._types:
            query["types"] = ",".join(self._types)
        if self.last_id is not None:
            query["after"] = self.last_id
        url = str(self._transport.client.base_url.join("/api/v1/ws"))
        url = url.replace("http", "ws", 1) + (f"?{urlencode(query)}" if query else "")
        used = self._transport.credentials.token
        try:
            return await connect(
                url,
                additional_headers=self._transport.credentials.headers(),
                max_size=EVENT_BYTES_MAX,
                ssl=self._transport.tls if url.startswith("wss") else None,
            )
        except InvalidStatus as refused:
            failure = _failure(refused)
            if failure.status == 401 and await self._transport.renew(used):
                return await self._connect()
            raise failure from refused

    async def _read(self, socket: ClientConnection) -> AsyncIterator[Event]:
        refusal: APIError | None = None
        try:
            async for message in socket:
                told: Any = json.loads(message)
                if told["type"] not in ABOUT_THE_STREAM:
                    yield Event.model_validate(told)
                elif told["type"] == "hello":
                    self.last_id = told["id"]
                    self.gaps += 1 if told["data"]["gap"] else 0
                elif told["type"] == "error":
                    refusal = error_from(0, {"error": told["data"]})
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else None
            reason = closed.rcvd.reason if closed.rcvd is not None else ""
            why = refusal or StreamClosed(f"the node closed the stream: {reason or code or 'the connection broke'}")
            raise _Closed(code, why) from closed


def _failure(refused: InvalidStatus) -> APIError:
    response = refused.response
    text = (response.body or b"").decode("utf-8", "replace")
    body: object = text
    with contextlib.suppress(ValueError):
        body = json.loads(text)
    return error_from(
        response.status_code,
        body,
        request_id=response.headers.get("X-Request-Id"),
        retry_after=retry_after_seconds(response.headers.get("Retry-After")),
    )
