"""Models."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from .._files import OnTransfer, download, upload_content
from .._transport import given, path
from ..views.models import (
    Certificate,
    Download,
    Lineage,
    Model,
    ModelDeleted,
    ModelList,
    ModelLoaded,
)
from .base import Resource, pages

_MODELS = "/api/v1/models"
_TAR = "application/x-tar"
_SAFETENSORS = "application/octet-stream"

Tags = Mapping[str, str] | Sequence[str]


class Models(Resource):
    """Models of sessions, and those that were saved and uploaded."""

    async def get(self, model_id: str) -> Model:
        """One model."""
        return await self._transport.get(Model, path(_MODELS + "/{id}", id=model_id))

    async def save(
        self,
        *,
        name: str | None = None,
        tags: Tags | None = None,
        session_id: str | None = None,
        height: int | None = None,
    ) -> Model:
        """Keeps a version under a name; the current one when nothing else is said."""
        body = given(name=name, tags=_tags(tags), session_id=session_id, height=height)
        return await self._transport.send(Model, "POST", f"{_MODELS}/save", body=body)

    async def load(self, model_id: str, *, rounds: int | None = None) -> ModelLoaded:
        """Begins a session with a saved or uploaded model, by a decision of the swarm."""
        body = given(model_id=model_id, rounds=rounds)
        return await self._transport.send(ModelLoaded, "POST", f"{_MODELS}/load", body=body)

    async def upload(
        self,
        file: str | os.PathLike[str],
        *,
        name: str | None = None,
        tags: Tags | None = None,
        like: str | None = None,
        on_progress: OnTransfer | None = None,
    ) -> Model:
        """Uploads a checkpoint (.tar) or weights (.safetensors).

        :param like: a model whose kind the tensors are of, for a file that does not say so
        """
        source = Path(file)
        size = (await asyncio.to_thread(source.stat)).st_size
        media = _TAR if source.suffix == ".tar" else _SAFETENSORS
        return await self._transport.send(
            Model,
            "POST",
            f"{_MODELS}/upload",
            query=given(name=name, tags=_tags_text(tags), like=like),
            headers={"Content-Type": media, "Content-Length": str(size)},
            content=upload_content(source, size, on_progress),
        )

    async def download(
        self,
        model_id: str,
        to: str | os.PathLike[str],
        *,
        format: str | None = None,
        on_progress: OnTransfer | None = None,
    ) -> Download:
        """Downloads a model into a file, which is there only once it is whole and its hashes are right.

        A connection that breaks is taken up again where it broke.

        :param to: the file
        :param format: tar (checkpoint, the default of a node) or safetensors (weights alone)
        :raises HashMismatch: what came is not what the node said
        """
        url = path(_MODELS + "/{id}/download", id=model_id)
        return await download(self._transport, url, given(format=format), Path(to), on_progress)

    async def delete(self, model_id: str) -> ModelDeleted:
        """Deletes a saved or uploaded model."""
        url = path(_MODELS + "/{id}", id=model_id)
        return await self._transport.send(ModelDeleted, "DELETE", url)

    async def lineage(self, model_id: str, *, limit: int | None = None, cursor: str | None = None) -> Lineage:
        """The certificates behind a model, from height 0 on."""
        url = path(_MODELS + "/{id}/lineage", id=model_id)
        return await self._transport.get(Lineage, url, query=given(limit=limit, cursor=cursor))

    async def iterate_lineage(self, model_id: str, *, page_size: int = 100) -> AsyncIterator[Certificate]:
        """All certificates behind a model, page by page."""

        async def fetch(cursor: str | None) -> Lineage:
            return await self.lineage(model_id, limit=page_size, cursor=cursor)

        async for page in pages(fetch):
            for certificate in page.certificates:
                yield certificate

    async def iterate(self, *, page_size: int = 100) -> AsyncIterator[Model]:
        """All models, page by page."""

        async def fetch(cursor: str | None) -> ModelList:
            return await self.list(limit=page_size, cursor=cursor)

        async for page in pages(fetch):
            for model in page.models:
                yield model

    async def list(self, *, limit: int | None = None, cursor: str | None = None) -> ModelList:
        """Models, newest first."""
        query = given(limit=limit, cursor=cursor)
        return await self._transport.get(ModelList, _MODELS, query=query)


def _tags(tags: Tags | None) -> object:
    if tags is None or isinstance(tags, Mapping):
        return tags
    return list(tags)


def _tags_text(tags: Tags | None) -> str | None:
    if tags is None:
        return None
    pairs = tags.items() if isinstance(tags, Mapping) else ((tag, "") for tag in tags)
    return ",".join(f"{name}={value}" if value else name for name, value in pairs)
