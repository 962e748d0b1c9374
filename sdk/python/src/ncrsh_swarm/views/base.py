"""What all views share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """An answer of a node.

    Fields that a newer node adds are kept: they are attributes too, and in ``model_dump``. A number that a node does
    not know is ``None``, never 0.
    """

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())


class Page(View):
    """One page of a list; ``next_cursor`` asks for the next one, ``None``: this was the last."""

    total: int
    next_cursor: str | None = None
