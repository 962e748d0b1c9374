"""The client without an event loop of the caller's."""

from __future__ import annotations

import inspect
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

import ncrsh_swarm as swarm
from ncrsh_swarm import _sync_resources, resources

from .examples import NODE


def client_of(handler: object) -> swarm.SwarmClientSync:
    assert callable(handler)
    return swarm.SwarmClientSync("http://node.test", transport=httpx.MockTransport(handler))


def test_has_every_operation_with_the_same_arguments() -> None:
    for name in resources.__all__:
        asynchronous, plain = getattr(resources, name), getattr(_sync_resources, f"{name}Sync")
        for method, function in inspect.getmembers(asynchronous, inspect.isfunction):
            if method.startswith("_"):
                continue
            same = inspect.signature(getattr(plain, method)).parameters
            assert same == inspect.signature(function).parameters, f"{name}.{method}"
            assert getattr(plain, method).__doc__


def test_lists_and_iterates_from_several_threads() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        following = {None: "a", "a": None}[request.url.params.get("cursor")]
        return httpx.Response(200, json={"nodes": [NODE], "total": 2, "active": 2, "next_cursor": following})

    with client_of(answer) as client, ThreadPoolExecutor(4) as pool:
        counts = pool.map(lambda _: len(list(client.nodes.iterate(page_size=1))), range(8))
        assert list(counts) == [2] * 8
        assert client.nodes.list().total == 2


def test_an_error_and_an_iterator_left_early_leave_nothing_behind() -> None:
    error = {"error": {"code": 1001, "name": "NODE_NOT_FOUND", "message": "why"}}
    before = threading.active_count()
    client = client_of(lambda _: httpx.Response(404, json=error))
    with client, pytest.raises(swarm.NodeNotFoundError):
        client.nodes.get("x")
    pages = client_of(
        lambda _: httpx.Response(200, json={"nodes": [NODE], "total": 9, "active": 9, "next_cursor": "a"})
    )
    with pages:
        for _ in pages.nodes.iterate():
            break
    assert threading.active_count() == before
    with pytest.raises(RuntimeError, match="closed"):
        client.health.live()
