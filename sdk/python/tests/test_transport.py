"""Requests, retries, errors and tokens, against a node made of a function."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta, timezone

import httpx
import pytest

import ncrsh_swarm as swarm
from ncrsh_swarm import RetryPolicy

from .conftest import client_of, failure
from .examples import NODE, TOKEN, training


async def test_lists_nodes_with_the_token() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"nodes": [{**NODE, "new": 1}], "total": 1, "active": 1})

    async with client_of(answer, auth_token="secret") as client:
        nodes = await client.nodes.list(status="active", sort="-last_seen")
    assert nodes.nodes[0].performance.samples_per_second == 525.398
    assert nodes.nodes[0].last_seen == datetime(2026, 11, 24, 3, 40, 37, 825000, tzinfo=timezone.utc)
    assert nodes.nodes[0].model_dump()["new"] == 1
    assert nodes.next_cursor is None
    request = seen[0]
    assert request.headers["Authorization"] == "Bearer secret"
    assert dict(request.url.params) == {"status": "active", "sort": "-last_seen"}


async def test_a_value_of_the_path_is_one_segment() -> None:
    paths: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.raw_path)
        return failure(404, "NODE_NOT_FOUND", code=1001, node_id="a/../b?")

    async with client_of(answer) as client:
        with pytest.raises(swarm.NodeNotFoundError) as caught:
            await client.nodes.get("a/../b?")
    assert paths == [b"/api/v1/nodes/a%2F..%2Fb%3F"]
    error = caught.value
    assert (error.code, error.status, error.name, error.request_id) == (1001, 404, "NODE_NOT_FOUND", "r1")
    assert error.details == {"node_id": "a/../b?"}
    assert str(error) == "NODE_NOT_FOUND: why (request r1)"


async def test_an_error_of_a_newer_node_or_of_a_proxy_is_an_api_error(waits: list[float]) -> None:
    answers = [failure(418, "TEAPOT", code=1990), httpx.Response(502, text="<h1>Bad gateway</h1>")]

    async with client_of(lambda _: answers.pop(0)) as client:
        with pytest.raises(swarm.APIError) as caught:
            await client.nodes.list()
        assert (type(caught.value), caught.value.name, caught.value.code) == (swarm.APIError, "TEAPOT", 1990)
        with pytest.raises(swarm.APIError) as caught:
            await client.nodes.list()
        assert (caught.value.name, caught.value.code) == ("HTTP_502", None)
    assert waits == []


async def test_waits_as_long_as_the_node_asks_for_and_then_succeeds(waits: list[float]) -> None:
    answers = [
        failure(429, "RATE_LIMITED", headers={"Retry-After": "3"}),
        failure(503, "NOT_READY"),
        httpx.Response(200, json=training()),
    ]
    async with client_of(lambda _: answers.pop(0)) as client:
        assert (await client.training.status()).session_id == "training_1"
    assert 3 <= waits[0] <= 3.25
    assert 0 <= waits[1] <= 0.5


async def test_gives_up_after_so_many_attempts(waits: list[float]) -> None:
    async with client_of(lambda _: failure(503, "NETWORK_PARTITION"), retry=RetryPolicy(attempts_max=3)) as client:
        with pytest.raises(swarm.NetworkPartitionError):
            await client.consensus.status()
    assert len(waits) == 2


async def test_does_not_repeat_a_vote_that_may_count_already(waits: list[float]) -> None:
    async with client_of(lambda _: failure(503, "CONSENSUS_FAILED", committed="unknown")) as client:
        with pytest.raises(swarm.ConsensusFailedError):
            await client.consensus.vote(vote="approve", model_hash="sha256:00")
    assert waits == []


async def test_a_start_carries_one_key_through_its_retries(waits: list[float]) -> None:
    keys: list[str] = []
    bodies: list[object] = []

    def answer(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        bodies.append(json.loads(request.content))
        if len(keys) == 1:
            return failure(503, "CONSENSUS_FAILED", committed="unknown")
        if len(keys) == 2:
            raise httpx.ReadError("broken")
        return httpx.Response(201, json=training())

    async with client_of(answer) as client:
        await client.training.start(dataset="d", epochs=50, batch_size=16, model={"type": "mlp"})
        await client.training.start(dataset="d", idempotency_key="mine")
    assert keys[0] == keys[1] == keys[2] != keys[3] == "mine"
    assert bodies[0] == {"dataset": "d", "epochs": 50, "batch_size": 16, "model": {"type": "mlp"}}


async def test_a_broken_connection_is_repeated_only_where_nothing_can_be_done_twice(waits: list[float]) -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.method)
        if request.method == "GET" and len(calls) > 1:
            return httpx.Response(200, json={"status": "ok", "uptime_seconds": 1})
        raise httpx.ReadError("broken")

    async with client_of(answer) as client:
        assert (await client.health.live()).uptime_seconds == 1
        with pytest.raises(swarm.ConnectionFailed, match="broken"):
            await client.training.stop()
    assert calls == ["GET", "GET", "POST"]


async def test_not_ready_is_an_answer(waits: list[float]) -> None:
    body = {"ready": False, "checks": {"leader": {"ok": False, "reason": "none"}}}
    async with client_of(lambda _: httpx.Response(503, json=body)) as client:
        ready = await client.health.ready()
    assert not ready.ready
    assert ready.checks["leader"].reason == "none"
    assert waits == []


async def test_a_login_is_the_clients_own_and_is_renewed_before_it_ends() -> None:
    soon = (datetime.now(timezone.utc) + timedelta(seconds=5)).isoformat()
    tokens: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/login"):
            assert json.loads(request.content) == {"username": "admin", "password": "p"}
            return httpx.Response(200, json={**TOKEN, "expires_at": soon})
        if path.endswith("/refresh"):
            assert json.loads(request.content) == {"refresh_token": "r1"}
            return httpx.Response(200, json={**TOKEN, "token": "t2", "refresh_token": "r2"})
        tokens.append(request.headers.get("Authorization"))
        return httpx.Response(200, json={"kind": "user", "name": "admin", "role": "admin", "expires_at": None})

    async with client_of(answer) as client:
        token = await client.auth.login("admin", "p")
        assert "r1" not in repr(token) and "t1" not in repr(token)
        await asyncio.gather(*(client.auth.me() for _ in range(5)))
        assert client.auth_token == "t2"
    assert tokens == ["Bearer t2"] * 5


async def test_many_requests_that_find_a_token_ended_renew_it_once() -> None:
    renewals = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal renewals
        if request.url.path.endswith("/refresh"):
            renewals += 1
            return httpx.Response(200, json={**TOKEN, "token": "new"})
        if request.headers.get("Authorization") != "Bearer new":
            return failure(401, "UNAUTHENTICATED", code=1109)
        return httpx.Response(200, json=training())

    async with client_of(answer, auth_token="old", refresh_token="r0") as client:
        await asyncio.gather(*(client.training.status() for _ in range(8)))
    assert renewals == 1


async def test_a_refusal_stays_a_refusal() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path.rsplit("/", 1)[-1])
        return failure(401, "UNAUTHENTICATED", code=1109)

    async with client_of(answer, auth_token="old", refresh_token="r0") as client:
        for _ in range(2):
            with pytest.raises(swarm.UnauthenticatedError):
                await client.training.status()
    # What was refused once is not tried again.
    assert calls == ["status", "refresh", "status"]


async def test_logout_forgets_even_what_the_node_has_forgotten() -> None:
    over = [failure(401, "UNAUTHENTICATED", code=1109), failure(401, "LOGIN_FAILED", code=1155)]
    answers = [httpx.Response(200, json=TOKEN), *over]
    async with client_of(lambda _: answers.pop(0)) as client:
        await client.auth.login("admin", "p")
        await client.auth.logout()
        assert client.auth_token is None
    assert answers == []


async def test_logout_ends_a_login_whose_token_has_run_out() -> None:
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append(request.url.path.rsplit("/", 1)[-1])
        if calls[-1] == "refresh":
            return httpx.Response(200, json={**TOKEN, "token": "new"})
        if request.headers["Authorization"] != "Bearer new":
            return failure(401, "UNAUTHENTICATED", code=1109)
        return httpx.Response(204)

    async with client_of(answer, auth_token="old", refresh_token="r0") as client:
        await client.auth.logout()
        assert client.auth_token is None
    assert calls == ["logout", "refresh", "logout"]


async def test_asks_for_every_page_when_it_is_needed() -> None:
    cursors: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        cursor = request.url.params.get("cursor")
        cursors.append(cursor)
        following = {None: "a", "a": "b", "b": None}[cursor]
        node = {**NODE, "name": cursor}
        return httpx.Response(200, json={"nodes": [node], "total": 3, "active": 3, "next_cursor": following})

    async with client_of(answer) as client:
        names = []
        async for node in client.nodes.iterate(page_size=1):
            names.append(node.name)
            assert len(cursors) == len(names)
    assert names == [None, "a", "b"]


async def test_settings_are_conditional_where_asked_for() -> None:
    seen: list[tuple[str, str | None, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.headers.get("If-Match"), request.headers.get("If-None-Match")))
        if request.method == "DELETE":
            return httpx.Response(200, json={"key": "k", "status": "deleted", "revision": 9})
        setting = {"key": "k", "value": None, "revision": 8, "updated_by": "p", "updated_at": None}
        return httpx.Response(200, json=setting)

    async with client_of(answer) as client:
        await client.settings.set("k", None, if_revision=7)
        await client.settings.set("k", None, create=True)
        await client.settings.delete("k")
    assert seen == [("PUT", '"7"', None), ("PUT", None, "*"), ("DELETE", None, None)]
