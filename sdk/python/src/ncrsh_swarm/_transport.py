"""HTTP: one request, as often as is needed, with the right token, and its answer or its exception."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from ._credentials import Credentials
from ._retry import IDEMPOTENT, RetryPolicy, may_repeat, retry_after_seconds
from ._version import __version__
from .errors import APIError, ConnectionFailed, error_from
from .views.auth import Login
from .views.base import View

V = TypeVar("V", bound=View)
Content = Callable[[], AsyncIterator[bytes]]
"""Makes the body anew for every attempt."""

ERROR_BODY_BYTES_MAX = 1 << 20
"""Of an answer with an error: more is not read."""


def path(template: str, **values: str) -> str:
    """``path("/nodes/{id}", id="a/b")``: every value is one segment, whatever it has in it."""
    return template.format(**{name: quote(value, safe="") for name, value in values.items()})


def given(**values: object) -> dict[str, Any]:
    """Those that are not None: what is left out is the node's to decide."""
    return {name: value for name, value in values.items() if value is not None}


class Transport:
    """Requests to one node.

    :param client: httpx's, made with the node's address
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        credentials: Credentials,
        retry: RetryPolicy,
        verify: bool | ssl.SSLContext = True,
    ) -> None:
        self.client = client
        self.credentials = credentials
        self.retry = retry
        self._verify = verify
        self._renewing: asyncio.Lock | None = None

    async def get(
        self,
        view: type[V],
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: frozenset[int] = frozenset(),
    ) -> V:
        """:param accept: statuses beside 2xx whose body is the view too"""
        response = await self.request("GET", url, query=query, headers=headers, accept=accept)
        return view.model_validate(response.json())

    async def send(
        self,
        view: type[V],
        method: str,
        url: str,
        *,
        body: object = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Content | None = None,
        renew: bool = True,
    ) -> V:
        """:param renew: whether a token may be renewed for it; not for what gets tokens"""
        response = await self.request(
            method, url, body=body, query=query, headers=headers, content=content, renew=renew
        )
        # 204: the view has nothing that must be there.
        return view.model_validate(response.json() if response.content else {})

    async def request(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Content | None = None,
        accept: frozenset[int] = frozenset(),
        renew: bool = True,
    ) -> httpx.Response:
        """The answer, read whole. :raises APIError: or one of its classes; :raises ConnectionFailed:"""
        async with self.stream(
            method,
            url,
            body=body,
            query=query,
            headers=headers,
            content=content,
            accept=accept,
            renew=renew,
        ) as response:
            try:
                await response.aread()
            except httpx.TransportError as error:
                raise ConnectionFailed(f"{method} {url}: {error or type(error).__name__}") from error
            return response

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Content | None = None,
        accept: frozenset[int] = frozenset(),
        renew: bool = True,
    ) -> AsyncIterator[httpx.Response]:
        """The answer before its body is read; closed at the end."""
        given_headers = dict(headers or {})
        has_key = any(name.lower() == "idempotency-key" for name in given_headers)
        attempt = 0
        renewed = False
        while True:
            attempt += 1
            if renew:
                await self.renew_if_needed()
            used = self.credentials.token
            request = self._build(method, url, body, query, given_headers, content)
            try:
                response = await self.client.send(request, stream=True)
            except httpx.TransportError as error:
                # Where no connection was made, nothing was asked.
                safe = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                wait = (
                    self.retry.wait(attempt, None, random.random()) if safe or method in IDEMPOTENT or has_key else None
                )
                if wait is None:
                    text = f"{method} {request.url}: {error or type(error).__name__}"
                    raise ConnectionFailed(text) from error
                await asyncio.sleep(wait)
                continue
            if response.is_success or response.status_code in accept:
                break
            failure = await _failure(response)
            if failure.status == 401 and renew and not renewed and await self.renew(used):
                renewed = True
                continue
            repeat = may_repeat(method, failure.status, failure.details, has_key=has_key)
            wait = self.retry.wait(attempt, failure.retry_after, random.random()) if repeat else None
            if wait is None:
                raise failure
            await asyncio.sleep(wait)
        try:
            yield response
        finally:
            await response.aclose()

    def _build(
        self,
        method: str,
        url: str,
        body: object,
        query: Mapping[str, Any] | None,
        headers: dict[str, str],
        content: Content | None,
    ) -> httpx.Request:
        return self.client.build_request(
            method,
            url,
            params={name: _query_text(value) for name, value in (query or {}).items()},
            headers={**self.credentials.headers(), **headers},
            json=body,
            content=None if content is None else content(),
        )

    @property
    def tls(self) -> ssl.SSLContext | None:
        """For connections that are not httpx's; None: as usual."""
        if isinstance(self._verify, ssl.SSLContext):
            return self._verify
        if self._verify:
            return None
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    async def renew_if_needed(self) -> None:
        """Before a token ends."""
        if self.credentials.must_renew():
            await self.renew(self.credentials.token)

    async def renew(self, used: str | None) -> bool:
        """Once, however many requests find that the token ``used`` does not count any more.

        :returns: whether there is another one now
        """
        if self._renewing is None:
            self._renewing = asyncio.Lock()
        async with self._renewing:
            if self.credentials.token != used:
                return True
            if self.credentials.refresh_token is None:
                return False
            refresh = {"refresh_token": self.credentials.refresh_token}
            url = "/api/v1/auth/refresh"
            try:
                answer = await self.send(Login, "POST", url, body=refresh, renew=False)
            except APIError as error:
                if error.status not in (400, 401, 403):
                    raise
                # It will never be taken again: the token that is left decides.
                self.credentials.refresh_token = None
                return False
            self.credentials.take(answer)
            return True


async def _failure(response: httpx.Response) -> APIError:
    try:
        raw = b""
        async for part in response.aiter_bytes():
            raw += part
            if len(raw) > ERROR_BODY_BYTES_MAX:
                break
    except httpx.TransportError:
        raw = b""
    finally:
        await response.aclose()
    text = raw.decode("utf-8", "replace")
    body: object = text
    with suppress(ValueError):
        body = json.loads(text)
    return error_from(
        response.status_code,
        body,
        request_id=response.headers.get("X-Request-Id"),
        retry_after=retry_after_seconds(response.headers.get("Retry-After")),
    )


def _query_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(str(item) for item in value)
    return str(value)


def default_client(
    base_url: str,
    timeout: float,
    verify: bool | ssl.SSLContext,
    transport: httpx.AsyncBaseTransport | None,
) -> httpx.AsyncClient:
    """httpx's client for a node."""
    return httpx.AsyncClient(
        base_url=base_url.rstrip("/"),
        timeout=timeout,
        verify=verify,
        transport=transport,
        follow_redirects=False,
        headers={"User-Agent": f"ncrsh-swarm-python/{__version__}", "Accept": "application/json"},
    )
