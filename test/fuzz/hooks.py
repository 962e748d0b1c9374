"""What every request of a fuzzing run has in common; loaded by schemathesis (SCHEMATHESIS_HOOKS)."""

from __future__ import annotations

from typing import Any

import schemathesis

WAIT_MS = "20"


@schemathesis.hook
def map_query(context: Any, query: dict[str, Any] | None) -> dict[str, Any] | None:
    """Shortens the wait for a change: what is not a number stays as it is, and so does what is refused."""
    if not query or "after" not in query or not context.operation.path.startswith("/api/v1/settings"):
        return query
    waits = str(query.get("timeout_ms", "25000"))
    return {**query, "timeout_ms": WAIT_MS} if waits.isdigit() and int(waits) <= 25_000 else query
