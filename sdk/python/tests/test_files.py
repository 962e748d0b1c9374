"""Downloads and uploads: whole and checked, or not at all."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

import ncrsh_swarm as swarm

from .conftest import client_of

MODEL = {"id": "m", "kind": "uploaded", "height": 1, "model_hash": "sha256:00", "bytes": 5, "available": True}
BYTES = bytes(range(256)) * 4096


class Broken(httpx.AsyncByteStream):
    """A body that breaks off."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._data
        raise httpx.ReadError("cut")


def tag_of(data: bytes) -> str:
    return f'"sha256:{hashlib.sha256(data).hexdigest()}"'


async def test_a_download_is_checked_against_its_tag(tmp_path: Path) -> None:
    told: list[swarm.Transfer] = []
    headers = {"ETag": tag_of(BYTES), "X-Model-Hash": "sha256:" + "0" * 64}
    async with client_of(lambda _: httpx.Response(200, content=BYTES, headers=headers)) as client:
        done = await client.models.download("m", tmp_path / "m.bin", on_progress=told.append)
    assert (tmp_path / "m.bin").read_bytes() == BYTES
    assert (done.bytes, done.sha256, done.verified, done.resumed_at) == (
        len(BYTES),
        hashlib.sha256(BYTES).hexdigest(),
        True,
        0,
    )
    assert told[-1] == swarm.Transfer(len(BYTES), len(BYTES))


async def test_other_bytes_than_the_tag_says_leave_nothing(tmp_path: Path) -> None:
    headers = {"ETag": tag_of(b"other")}
    async with client_of(lambda _: httpx.Response(200, content=BYTES, headers=headers)) as client:
        with pytest.raises(swarm.HashMismatch):
            await client.models.download("m", tmp_path / "m.bin")
    assert list(tmp_path.iterdir()) == []


async def test_a_tag_that_names_the_version_is_not_taken_for_the_files_hash(tmp_path: Path) -> None:
    version = "sha256:" + "ab" * 32
    headers = {"ETag": f'"{version}"', "X-Model-Hash": version}
    async with client_of(lambda _: httpx.Response(200, content=BYTES, headers=headers)) as client:
        done = await client.models.download("m", tmp_path / "m.bin")
    assert not done.verified


async def test_goes_on_where_the_connection_broke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        return

    monkeypatch.setattr("ncrsh_swarm._files.asyncio.sleep", at_once)
    asked: list[tuple[str | None, str | None]] = []
    tag = tag_of(BYTES)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.headers.get("Range"), request.headers.get("If-Range")))
        if len(asked) == 1:
            return httpx.Response(200, stream=Broken(BYTES[:300_000]), headers={"ETag": tag})
        begin = int((request.headers["Range"]).removeprefix("bytes=").rstrip("-"))
        return httpx.Response(206, content=BYTES[begin:], headers={"ETag": tag})

    async with client_of(answer) as client:
        done = await client.models.download("m", tmp_path / "m.bin")
    assert (tmp_path / "m.bin").read_bytes() == BYTES
    # Only whole chunks were written before it broke.
    assert asked == [(None, None), (f"bytes={done.resumed_at}-", tag)]
    assert 0 < done.resumed_at <= 300_000
    assert done.verified


async def test_begins_anew_when_it_has_become_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: float) -> None:
        return

    monkeypatch.setattr("ncrsh_swarm._files.asyncio.sleep", at_once)
    answers = [
        httpx.Response(200, stream=Broken(b"x" * 600_000), headers={"ETag": '"old"'}),
        httpx.Response(200, content=BYTES, headers={"ETag": tag_of(BYTES)}),
    ]
    async with client_of(lambda _: answers.pop(0)) as client:
        done = await client.models.download("m", tmp_path / "m.bin")
    assert (tmp_path / "m.bin").read_bytes() == BYTES
    assert done.resumed_at == 0


def checkpoint(files: dict[str, bytes], sums: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in {**files, "SHA256SUMS": sums.encode()}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


FILES = {"session.json": b"{}", "model.safetensors": b"weights"}
SUMS = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in FILES.items())


@pytest.mark.parametrize(
    ("files", "sums", "problem"),
    [
        (FILES, SUMS, None),
        ({**FILES, "model.safetensors": b"weightz"}, SUMS, "model.safetensors"),
        ({"session.json": b"{}"}, SUMS, "missing"),
        ({**FILES, "more": b""}, SUMS, "more"),
        (FILES, "nonsense\n", "SHA256SUMS"),
    ],
)
async def test_a_checkpoint_is_checked_against_its_sums(
    tmp_path: Path, files: dict[str, bytes], sums: str, problem: str | None
) -> None:
    content = checkpoint(files, sums)
    async with client_of(lambda _: httpx.Response(200, content=content)) as client:
        if problem is None:
            assert (await client.models.download("m", tmp_path / "m.tar")).verified
            return
        with pytest.raises(swarm.HashMismatch, match=problem):
            await client.models.download("m", tmp_path / "m.tar")
    assert list(tmp_path.iterdir()) == []


async def test_an_upload_is_streamed_with_its_length_and_tells_how_far_it_is(tmp_path: Path) -> None:
    (tmp_path / "m.safetensors").write_bytes(BYTES)
    told: list[swarm.Transfer] = []
    seen: list[httpx.Request] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        await request.aread()
        seen.append(request)
        return httpx.Response(201, json={**MODEL, "download": "/"})

    client = swarm.SwarmClient("http://node.test", transport=httpx.MockTransport(answer))
    file = tmp_path / "m.safetensors"
    model = await client.models.upload(file, name="n", tags={"stage": "x", "best": ""}, on_progress=told.append)
    await client.aclose()
    assert model.id == "m"
    assert seen[0].content == BYTES
    assert seen[0].headers["Content-Type"] == "application/octet-stream"
    assert seen[0].headers["Content-Length"] == str(len(BYTES))
    assert "Transfer-Encoding" not in seen[0].headers
    assert dict(seen[0].url.params) == {"name": "n", "tags": "stage=x,best"}
    assert told[-1].bytes == len(BYTES)
