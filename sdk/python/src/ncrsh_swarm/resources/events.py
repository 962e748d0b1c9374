"""Events."""

from __future__ import annotations

from collections.abc import AsyncIterator

from .._events import Events as EventStream
from ..views.events import Event
from .base import Resource


class Events(Resource):
    """What happens in the swarm, as it happens."""

    async def stream(self, *types: str, after: str | None = None) -> AsyncIterator[Event]:
        """Events, without an end. A connection that breaks is taken up again after the last event.

        :param types: such as ``node_joined``; all when there are none
        :param after: id of the last event that is known already
        :raises StreamClosed: it could not be taken up again
        """
        async for event in EventStream(self._transport, types, after):
            yield event
