"""The list of cases that every client shares, against a real node: SWARM_URL, or none of them is run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import ncrsh_swarm as swarm

CASES = Path(__file__).parents[2] / "cases.json"
DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.yaml"
EVERY_SECONDS = 0.3
STREAM_SECONDS = 60.0
"""That a stream may take for all its items."""
VARIABLE = re.compile(r"\{(\w+)\}")

Variables = dict[str, Any]


def case_file() -> dict[str, Any]:
    if not CASES.exists():
        return {"cases": [], "not_called": {}}
    loaded: dict[str, Any] = json.loads(CASES.read_text("utf-8"))
    return loaded


def cases() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = case_file()["cases"]
    return listed


class Clients:
    """One for each name that the cases give."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._named: dict[str, swarm.SwarmClientSync] = {}
        self._open: list[swarm.SwarmClientSync] = []

    def of(self, case: dict[str, Any], variables: Variables) -> swarm.SwarmClientSync:
        """The client that makes the call."""
        if "token" in case:
            return self._made(filled(case["token"], variables))
        name = case.get("as", "admin")
        if name not in self._named:
            self._named[name] = self._made(None)
        return self._named[name]

    def close(self) -> None:
        """All of them."""
        for client in self._open:
            client.close()

    def _made(self, token: str | None) -> swarm.SwarmClientSync:
        client = swarm.SwarmClientSync(self._url, token)
        self._open.append(client)
        return client


@pytest.fixture(scope="module")
def variables() -> Variables:
    """What earlier cases have saved."""
    told = {"username": "SWARM_USER", "password": "SWARM_PASSWORD", "base_url": "SWARM_URL"}
    return {name: os.environ[variable] for name, variable in told.items() if variable in os.environ}


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    url = os.environ.get("SWARM_URL")
    if url is None:
        pytest.skip("SWARM_URL is not set: npm run test:sdk starts a node and sets it")
    made = Clients(url)
    yield made
    made.close()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_case(case: dict[str, Any], clients: Clients, variables: Variables, tmp_path: Path) -> None:
    until = time.monotonic() + case.get("within_seconds", 0)
    while True:
        try:
            answer = attempt(case, clients.of(case, variables), variables, tmp_path)
            break
        except (AssertionError, swarm.SwarmError):
            if time.monotonic() >= until:
                raise
            time.sleep(EVERY_SECONDS)
    for name, path in case.get("save", {}).items():
        variables[name] = at(answer, path)


def attempt(case: dict[str, Any], client: swarm.SwarmClientSync, variables: Variables, folder: Path) -> Any:
    """The answer, as it is expected. :raises AssertionError:"""
    expected = case.get("expect", {})
    try:
        answer = call(case, client, variables, folder)
    except swarm.APIError as error:
        assert error.name == expected.get("error"), f"{case['method']} fails with {error}"
        # Typed: no name of the list is one that this client does not know.
        assert type(error) is not swarm.APIError
        names = ("name", "code", "status", "message", "details", "request_id")
        answer = {name: getattr(error, name) for name in names}
    else:
        assert "error" not in expected, f"{case['method']} answers {answer}"
    for path, value in expected.get("fields", {}).items():
        check(path, at(answer, path), filled(value, variables))
    return answer


def call(case: dict[str, Any], client: swarm.SwarmClientSync, variables: Variables, folder: Path) -> Any:
    """What the method answers, as JSON."""
    group, method = case["method"].split(".")
    function = getattr(getattr(client, group), method)
    args = filled(case.get("args", {}), variables)
    if case.get("download"):
        done = function(to=folder / f"model.{args.get('format', 'tar')}", **args)
        return {"bytes": done.bytes, "sha256": done.sha256, "content": str(done.path)}
    if "upload" in case:
        return plain(function(filled(case["upload"], variables), **args))
    if "take" in case:
        until = filled(case.get("until", {}), variables)
        work = asyncio.to_thread(taken, function, args, case["take"], until)
        return asyncio.run(asyncio.wait_for(work, STREAM_SECONDS))
    return plain(function(**args))


def taken(function: Any, args: dict[str, Any], most: int, until: dict[str, Any]) -> list[Any]:
    items = function(*args.pop("types", ()), **args)
    found: list[Any] = []
    try:
        for item in items:
            found.append(plain(item))
            if until and fits(found[-1], until):
                return found
            if len(found) == most:
                break
    finally:
        items.close()
    assert not until, f"none of {len(found)} items is the last one"
    return found


def fits(item: Any, fields: dict[str, Any]) -> bool:
    try:
        for path, expected in fields.items():
            check(path, at(item, path), expected)
    except AssertionError:
        return False
    return True


def plain(answer: Any) -> Any:
    return answer.model_dump(mode="json") if isinstance(answer, BaseModel) else answer


def at(value: Any, path: str) -> Any:
    """What is there; None where nothing is."""
    for step in path.split(".") if path else []:
        if isinstance(value, list):
            value = value[int(step)] if -len(value) <= int(step) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value


def filled(value: Any, variables: Variables) -> Any:
    """With variables in their places."""
    if isinstance(value, dict):
        return {name: filled(item, variables) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    if not isinstance(value, str):
        return value
    alone = VARIABLE.fullmatch(value)
    if alone is not None and alone[1] in variables:
        return variables[alone[1]]
    return VARIABLE.sub(lambda m: str(variables.get(m[1], m[0])), value)


TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def check(path: str, value: Any, expected: Any) -> None:
    matcher = expected if isinstance(expected, dict) and len(expected) == 1 else {}
    kind, wanted = next(iter(matcher.items()), ("equal", expected))
    where = f"{path or 'the answer'} is {value!r}, expected {expected!r}"
    if kind == "type":
        assert isinstance(value, TYPES[wanted]), where
        assert wanted == "boolean" or not isinstance(value, bool), where
    elif kind == "matches":
        assert isinstance(value, str), where
        assert re.search(wanted, value), where
    elif kind == "min":
        assert isinstance(value, int | float), where
        assert value >= wanted, where
    elif kind == "length":
        assert isinstance(value, list), where
        assert len(value) == wanted, where
    elif kind == "contains":
        assert isinstance(value, list), where
        assert wanted in value, where
    else:
        assert value == wanted, where


def test_the_list_calls_every_operation_except_for_a_reason() -> None:
    if not DOCUMENT.exists():
        pytest.skip("docs/openapi.yaml is not there")
    operations = set(re.findall(r"^ +operationId: (\S+)$", DOCUMENT.read_text("utf-8"), re.MULTILINE))
    called = {case["method"] for case in cases()}
    assert len(operations) > 40
    assert operations - called == set(case_file()["not_called"])


def test_the_list_calls_only_what_there_is() -> None:
    client = swarm.SwarmClient()
    missing = [c["method"] for c in cases() if not callable(attribute(client, c["method"]))]
    assert missing == []


def attribute(client: object, path: str) -> object:
    for name in path.split("."):
        client = getattr(client, name, None)
    return client
