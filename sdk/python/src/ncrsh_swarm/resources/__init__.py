"""The operations of the API, one class per group."""

from .audit import Audit
from .auth import Auth
from .consensus import Consensus
from .docs import Docs
from .events import Events
from .health import HealthProbes
from .models import Models
from .network import Network
from .nodes import Nodes
from .settings import Settings
from .training import Training

__all__ = [
    "Audit",
    "Auth",
    "Consensus",
    "Docs",
    "Events",
    "HealthProbes",
    "Models",
    "Network",
    "Nodes",
    "Settings",
    "Training",
]
