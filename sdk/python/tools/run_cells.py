"""Runs a file of cells, as a notebook would: ``await`` may stand outside of functions.

    python tools/run_cells.py FILE

Needs nothing but Python.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import sys
from pathlib import Path


async def run(source: str, file: str) -> None:
    """Everything in it, in one namespace."""
    code = compile(source, file, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, {"__name__": "__main__", "__file__": file})
    if inspect.isawaitable(result):
        await result


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]).read_text("utf-8"), sys.argv[1]))
