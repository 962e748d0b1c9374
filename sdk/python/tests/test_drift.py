"""The client has what the API has: its operations, their arguments, the fields of its views, its errors."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import ncrsh_swarm as swarm
from ncrsh_swarm import _error_classes, views

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE.parents[1]
DOCUMENT = ROOT / "docs" / "openapi.yaml"

NAMES = {"TrainingProgressEvent": "Progress", "Audit": "AuditLog"}
"""Schemas whose class has another name."""
NOT_METHODS = {"events.socket"}
"""`events.stream` is made of it."""
NOT_VIEWS = {"Error", "JsonValue"}


def document() -> dict[str, Any]:
    if not DOCUMENT.exists():
        pytest.skip("docs/openapi.yaml is not there")
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text("utf-8"))
    return loaded


def operations() -> list[tuple[str, dict[str, Any]]]:
    if not DOCUMENT.exists():
        return []
    return [
        (operation["operationId"], operation)
        for path in document()["paths"].values()
        for method, operation in path.items()
        if method in ("get", "post", "put", "delete")
    ]


def test_the_plain_client_is_up_to_date() -> None:
    check = [sys.executable, str(PACKAGE / "tools" / "generate_sync.py"), "--check"]
    assert subprocess.run(check, check=False).returncode == 0


def test_every_error_of_the_reference_has_a_class() -> None:
    reference = ROOT / "docs" / "API.md"
    if not reference.exists():
        pytest.skip("docs/API.md is not there")
    named = re.findall(r"^\| (\d+) \| `(\w+)` \| (\d+) \|", reference.read_text("utf-8"), re.MULTILINE)
    assert len(named) > 20
    assert sorted(name for _, name, _ in named) == sorted(_error_classes.ERROR_CLASSES)
    for name, kind in _error_classes.ERROR_CLASSES.items():
        assert kind.error_name == name
        assert getattr(swarm, kind.__name__) is kind


@pytest.mark.parametrize(("name", "operation"), operations(), ids=lambda v: v if isinstance(v, str) else "")
def test_every_operation_has_a_method_with_its_arguments(name: str, operation: dict[str, Any]) -> None:
    client = swarm.SwarmClient()
    group, method = name.split(".")
    if name in NOT_METHODS:
        return
    function = getattr(getattr(client, group, None), method, None)
    assert function is not None, f"client.{name} is missing"
    takes = inspect.signature(function).parameters
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in takes.values()):
        return
    asked = {p["name"] for p in operation.get("parameters", []) if p["in"] in ("path", "query")}
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    asked |= set(resolve(content.get("schema", {})).get("properties", {}))
    assert asked <= set(takes), f"client.{name} does not take {asked - set(takes)}"


def test_every_view_has_the_fields_of_its_schema() -> None:
    problems = []
    for name, schema in document()["components"]["schemas"].items():
        kind = getattr(views, NAMES.get(name, name), None)
        if name in NOT_VIEWS or "properties" not in resolve(schema):
            continue
        if kind is None:
            problems.append(f"{name} is missing")
            continue
        problems += differences(name, kind, resolve(schema))
    assert problems == []


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        named: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return resolve(named)
    parts = [resolve(part) for part in schema.get("allOf", [])]
    properties = {k: v for part in [*parts, schema] for k, v in part.get("properties", {}).items()}
    required = [name for part in [*parts, schema] for name in part.get("required", [])]
    return {**schema, "properties": properties, "required": required} if properties else schema


def differences(at: str, kind: type[Any], schema: dict[str, Any]) -> list[str]:
    """What the class has not, has too much, or takes for certain."""
    fields, properties = kind.model_fields, schema["properties"]
    found = [f"{at}.{name} is missing" for name in properties if name not in fields]
    # One with a default may be another version's.
    found += [f"{at}.{n} is not in the document" for n, f in fields.items() if f.is_required() and n not in properties]
    for name, field in fields.items():
        if field.is_required() and name in properties and name not in schema.get("required", []):
            found.append(f"{at}.{name} may be left out")
        if field.is_required() and "null" in types_of(properties.get(name, {})):
            found.append(f"{at}.{name} may be null")
    return found


def types_of(schema: dict[str, Any]) -> set[str]:
    of = schema.get("type", [])
    own = {of} if isinstance(of, str) else set(of)
    return own.union(*(types_of(part) for part in [*schema.get("anyOf", []), *schema.get("oneOf", [])]))
