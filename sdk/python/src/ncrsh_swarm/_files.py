"""Files on their way: downloads that go on where they broke off and are checked, uploads that tell how far they are."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tarfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx

from ._transport import Content, Transport
from .errors import ConnectionFailed, HashMismatch
from .views.models import Download, Transfer

OnTransfer = Callable[[Transfer], None]

CHUNK_BYTES = 1 << 18
SUMS = "SHA256SUMS"
"""In a checkpoint: the hash of every file that it has."""
SUMS_BYTES_MAX = 1 << 20

_TAG = re.compile(r'^"sha256:([0-9a-f]{64})"$')
_SUM = re.compile(r"^([0-9a-f]{64}) [ *](.+)$")


async def download(
    transport: Transport,
    url: str,
    query: dict[str, str],
    to: Path,
    on_progress: OnTransfer | None,
) -> Download:
    """Receives ``url`` into ``to``, which is there only once it is whole and checked.

    :raises HashMismatch: nothing is left then
    """
    part = to.with_name(to.name + ".part")
    attempt, resumed_at = 0, 0
    etag: str | None = None
    received = 0
    while True:
        attempt += 1
        headers = {"Accept": "*/*"}
        if received and etag:
            headers |= {"Range": f"bytes={received}-", "If-Range": etag}
        try:
            async with transport.stream("GET", url, query=query, headers=headers) as response:
                if response.status_code != 206:
                    received = 0
                resumed_at = received
                # A weak tag does not promise the same bytes.
                tag = response.headers.get("ETag")
                etag = None if tag is None or tag.startswith("W/") else tag
                model_hash = response.headers.get("X-Model-Hash")
                received = await _receive(response, part, received, on_progress)
                break
        except httpx.TransportError as error:
            received = _size(part) if etag else 0
            wait = transport.retry.wait(attempt, None, 1.0)
            if wait is None:
                await asyncio.to_thread(part.unlink, missing_ok=True)
                text = f"{url}: {error or type(error).__name__}"
                raise ConnectionFailed(text) from error
            await asyncio.sleep(wait)
    try:
        digest, verified = await asyncio.to_thread(_check, part, etag, model_hash)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    await asyncio.to_thread(part.replace, to)
    return Download(to, received, digest, etag, verified, resumed_at)


async def _receive(response: httpx.Response, part: Path, at: int, on_progress: OnTransfer | None) -> int:
    length = response.headers.get("Content-Length")
    total = at + int(length) if length is not None else None
    with part.open("ab" if at else "wb") as file:
        async for chunk in response.aiter_bytes(CHUNK_BYTES):
            await asyncio.to_thread(file.write, chunk)
            at += len(chunk)
            if on_progress is not None:
                on_progress(Transfer(at, total))
    return at


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _check(part: Path, etag: str | None, model_hash: str | None) -> tuple[str, bool]:
    """The file's hash, and whether there was anything to compare it with. :raises HashMismatch:"""
    digest = sha256_of(part)
    match = _TAG.match(etag or "")
    # A tag that only names the version is the hash of something else.
    if match is not None and f"sha256:{match[1]}" != model_hash:
        if match[1] != digest:
            raise HashMismatch(part.name, match[1], digest)
        return digest, True
    return digest, tarfile.is_tarfile(part) and _check_sums(part)


def _check_sums(archive: Path) -> bool:
    """Compares every file of a checkpoint with its SHA256SUMS; False when there is none."""
    found: dict[str, str] = {}
    sums: str | None = None
    with tarfile.open(archive, "r:") as tar:
        for member in tar:
            file = tar.extractfile(member)
            if file is None:
                continue
            if member.name == SUMS:
                sums = file.read(SUMS_BYTES_MAX).decode("utf-8", "replace")
                continue
            digest = hashlib.sha256()
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
            found[member.name] = digest.hexdigest()
    if sums is None:
        return False
    for line in sums.splitlines():
        match = _SUM.match(line)
        if match is None:
            raise HashMismatch(f"{SUMS} of {archive.name}", "a line of sha256sum", line[:100])
        actual = found.pop(match[2], "missing")
        if actual != match[1]:
            raise HashMismatch(f"{match[2]} in {archive.name}", match[1], actual)
    for name, actual in found.items():
        raise HashMismatch(f"{name} in {archive.name}", f"none in {SUMS}", actual)
    return True


def sha256_of(file: Path) -> str:
    """In hex digits."""
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def upload_content(file: Path, total: int, on_progress: OnTransfer | None) -> Content:
    """The bytes of a file, anew for every attempt."""

    async def content() -> AsyncIterator[bytes]:
        sent = 0
        with file.open("rb") as source:
            while chunk := await asyncio.to_thread(source.read, CHUNK_BYTES):
                yield chunk
                sent += len(chunk)
                if on_progress is not None:
                    on_progress(Transfer(sent, total))

    return content
