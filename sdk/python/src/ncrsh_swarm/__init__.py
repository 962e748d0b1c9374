"""A client of the control API of ncrsh-swarm.

    import ncrsh_swarm as swarm

    client = swarm.SwarmClient(base_url="http://localhost:8080", auth_token="...")
    nodes = await client.nodes.list()

``SwarmClientSync`` is the same without ``await``.
"""

from . import _error_classes, views
from ._error_classes import *  # noqa: F403
from ._events import Events as EventStream
from ._retry import RetryPolicy
from ._version import __version__
from .client import SwarmClient
from .errors import APIError, ConnectionFailed, HashMismatch, StreamClosed, SwarmError
from .sync import SwarmClientSync
from .views import Download, Event, Progress, Transfer

__all__ = [
    "APIError",
    "ConnectionFailed",
    "Download",
    "Event",
    "EventStream",
    "HashMismatch",
    "Progress",
    "RetryPolicy",
    "StreamClosed",
    "SwarmClient",
    "SwarmClientSync",
    "SwarmError",
    "Transfer",
    "__version__",
    "views",
]
__all__ += _error_classes.__all__
