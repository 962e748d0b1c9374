"""What a node says of its own API."""

from __future__ import annotations

from typing import Any

from .base import Resource


class Docs(Resource):
    """The API's description of itself."""

    async def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        answer = await self._transport.request("GET", "/api/v1/openapi.json")
        document: dict[str, Any] = answer.json()
        return document

    async def reference(self) -> str:
        """The reference, in HTML."""
        headers = {"Accept": "text/html"}
        return (await self._transport.request("GET", "/api/v1/docs", headers=headers)).text
