"""Events and progress over a real socket that breaks."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

import ncrsh_swarm as swarm
from ncrsh_swarm import EventStream, RetryPolicy

from .conftest import node, page_of
from .examples import TOKEN, training

FAST = RetryPolicy(attempts_max=4, first_wait_seconds=0.001, wait_seconds_max=0.01)


def event(number: int, type: str = "model_update", **data: object) -> str:
    return json.dumps({"id": f"5f0c2a9be17d-{number}", "type": type, "at": "2026-11-24T03:40:37.825Z", "data": data})


def hello(after: str, gap: bool = False) -> str:
    data = {"caller": "ada", "role": "viewer", "types": [], "resumed": True, "gap": gap}
    return json.dumps({"type": "hello", "id": after, "at": "2026-11-24T03:40:37.825Z", "data": data})


def refusal(name: str, code: int) -> str:
    data = {"code": code, "name": name, "message": "why", "details": {}}
    return json.dumps({"type": "error", "at": "2026-11-24T03:40:37.825Z", "data": data})


def query_of(socket: ServerConnection) -> dict[str, list[str]]:
    assert socket.request is not None
    return parse_qs(urlsplit(socket.request.path).query)


async def test_takes_a_broken_stream_up_after_its_last_event() -> None:
    asked: list[dict[str, list[str]]] = []
    headers: list[str | None] = []

    async def talk(socket: ServerConnection) -> None:
        asked.append(query_of(socket))
        assert socket.request is not None
        headers.append(socket.request.headers.get("Authorization"))
        await socket.send(hello(query_of(socket)["after"][0], gap=len(asked) > 1))
        await socket.send(event(2 * len(asked) - 1))
        await socket.send(event(2 * len(asked)))
        await socket.close(1011 if len(asked) == 1 else 1001)

    async with (
        node(talk, lambda _: None) as url,
        swarm.SwarmClient(url, "secret", retry=FAST) as client,
    ):
        stream = EventStream(client._transport, ["model_update", "alert"], after="5f0c2a9be17d-0")
        seen = []
        async for item in stream:
            seen.append(item.id)
            if len(seen) == 5:
                break
    assert seen == [f"5f0c2a9be17d-{n}" for n in range(1, 6)]
    assert [a["after"] for a in asked] == [["5f0c2a9be17d-0"], ["5f0c2a9be17d-2"], ["5f0c2a9be17d-4"]]
    assert asked[0]["types"] == ["model_update,alert"]
    assert headers == ["Bearer secret"] * 3
    assert (stream.connections, stream.gaps) == (3, 2)


async def test_a_token_that_has_ended_is_renewed() -> None:
    def page(request: Request) -> Response | None:
        if request.headers.get("Authorization") == "Bearer t1":
            return None
        return page_of(401, {"error": {"code": 1109, "name": "UNAUTHENTICATED", "message": "ended"}})

    async def talk(socket: ServerConnection) -> None:
        await socket.send(event(1))
        await socket.wait_closed()

    async with node(talk, page) as url, swarm.SwarmClient(url, "old", refresh_token="r0", retry=FAST) as client:
        renewals = 0

        async def renewed(used: str | None) -> bool:
            nonlocal renewals
            renewals += 1
            client._transport.credentials.take(swarm.views.Login.model_validate(TOKEN))
            return used == "old"

        client._transport.renew = renewed  # type: ignore[method-assign]
        async for item in client.events.stream():
            assert item.id.endswith("-1")
            break
    assert renewals == 1


async def test_says_why_it_may_not_listen() -> None:
    def page(_: Request) -> Response:
        return page_of(403, {"error": {"code": 1111, "name": "FORBIDDEN", "message": "no"}})

    async def talk(_: ServerConnection) -> None:
        raise AssertionError("never")

    async with node(talk, page) as url, swarm.SwarmClient(url, retry=FAST) as client:
        with pytest.raises(swarm.ForbiddenError):
            async for _ in client.events.stream():
                pass


async def test_gives_up_when_it_only_breaks() -> None:
    connections = 0

    async def talk(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await socket.close(1011)

    async with node(talk, lambda _: None) as url, swarm.SwarmClient(url, retry=FAST) as client:
        with pytest.raises(swarm.StreamClosed, match="4 times in a row"):
            async for _ in client.events.stream():
                pass
    assert connections == FAST.attempts_max


async def test_does_not_come_back_after_a_decision_of_the_node() -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.close(1008, "the token was revoked")

    async with node(talk, lambda _: None) as url, swarm.SwarmClient(url, retry=FAST) as client:
        with pytest.raises(swarm.StreamClosed, match="the token was revoked"):
            async for _ in client.events.stream():
                pass


async def test_a_token_that_ends_on_the_way_is_renewed_or_else_told() -> None:
    async def talk(socket: ServerConnection) -> None:
        assert socket.request is not None
        if socket.request.headers.get("Authorization") == "Bearer t1":
            await socket.send(event(1))
        await socket.send(refusal("UNAUTHENTICATED", 1109))
        await socket.close(4401, "unauthenticated")

    async with node(talk, lambda _: None) as url, swarm.SwarmClient(url, "old", retry=FAST) as client:
        renewals: list[str | None] = []

        async def renew(used: str | None) -> bool:
            renewals.append(used)
            client._transport.credentials.token = "t1"
            return used == "old"

        client._transport.renew = renew  # type: ignore[method-assign]
        seen = []
        with pytest.raises(swarm.UnauthenticatedError, match="why"):
            async for item in client.events.stream():
                seen.append(item.id)
    assert (renewals, len(seen)) == (["old", "t1"], 1)


async def test_progress_comes_from_events_and_ends_with_the_session() -> None:
    statuses = [training(height=3), training("finished", height=9)]

    def page(request: Request) -> Response | None:
        if "/ws" in request.path:
            return None
        return page_of(200, statuses.pop(0) if len(statuses) > 1 else statuses[0])

    async def talk(socket: ServerConnection) -> None:
        for height in (4, 5):
            data: dict[str, object] = {
                "session_id": "training_1",
                "status": "running",
                "height": height,
                "loss": 2.0,
                "epoch": 1,
            }
            await socket.send(event(height, "training_progress", **data))
        await socket.send(event(8, "training_progress", session_id="another", status="running", height=1))
        await socket.send(event(9, "session_state", session_id="training_1", status="finished"))
        await socket.wait_closed()

    async with node(talk, page) as url, swarm.SwarmClient(url, retry=FAST) as client:
        seen = [p async for p in client.training.stream_progress(poll_seconds=0.2)]
    assert (seen[0].height, seen[0].status, seen[0].loss, seen[0].epoch) == (3, "running", 2.5, 1)
    assert (seen[-1].height, seen[-1].status) == (9, "finished")
    assert {p.session_id for p in seen} == {"training_1"}


async def test_progress_of_a_node_without_events_is_looked_at() -> None:
    statuses = [training(height=n) for n in (3, 3, 4)] + [training("stopped", height=4)]

    def page(request: Request) -> Response | None:
        if "/ws" in request.path:
            return page_of(404, {"error": {"code": 1101, "name": "NOT_FOUND", "message": "no such path"}})
        return page_of(200, statuses.pop(0) if len(statuses) > 1 else statuses[0])

    async def talk(_: ServerConnection) -> None:
        raise AssertionError("never")

    async with node(talk, page) as url, swarm.SwarmClient(url, retry=FAST) as client:
        seen = [(p.height, p.status) async for p in client.training.stream_progress(poll_seconds=0.01)]
    assert seen == [(3, "running"), (4, "running"), (4, "stopped")]


async def test_there_is_no_progress_where_nothing_was_trained() -> None:
    async def talk(_: ServerConnection) -> None:
        raise AssertionError("never")

    async with (
        node(talk, lambda _: page_of(200, training("idle", session=None))) as url,
        swarm.SwarmClient(url, retry=FAST) as client,
    ):
        assert [p async for p in client.training.stream_progress()] == []
