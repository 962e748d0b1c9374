"""Writes src/ncrsh_swarm/_sync_resources.py from the classes in resources/: one method for each, without await.

    python tools/generate_sync.py [--check]

``--check`` only tells whether it is up to date. Needs nothing but Python.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "ncrsh_swarm"
TARGET = PACKAGE / "_sync_resources.py"

HEAD = '''"""The operations of ``resources`` for code without an event loop. Made by tools/generate_sync.py."""

# ruff: noqa: E501, I001, F401, UP035
# fmt: off
from __future__ import annotations

'''


def generate() -> str:
    """The text of the file."""
    imports: set[str] = {
        "from collections.abc import Iterator",
        "from ._loop import LoopThread",
    }
    classes: list[str] = []
    for file in sorted((PACKAGE / "resources").glob("*.py")):
        if file.stem in ("__init__", "base"):
            continue
        tree = ast.parse(file.read_text("utf-8"))
        resource = next(
            node
            for node in tree.body
            if isinstance(node, ast.ClassDef) and any(ast.unparse(b) == "Resource" for b in node.bases)
        )
        text = _class(resource, file.stem)
        classes.append(text)
        imports |= _imports(tree, text, file.stem)
        imports.add(f"from .resources import {file.stem} as _{file.stem}")
    return HEAD + "\n".join(sorted(imports)) + "\n" + "".join(classes)


def _imports(tree: ast.Module, text: str, module: str) -> set[str]:
    """Those of the module's names that the text uses."""
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {f"import {a.name}" for a in node.names if a.name in used}
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            source = "." * max(0, node.level - 1) + (node.module or "")
            found |= {
                f"from {source} import {a.name}"
                for a in node.names
                if a.asname is None and a.name in used and a.name != "AsyncIterator"
            }
        elif isinstance(node, ast.Assign):
            names = {target.id for target in node.targets if isinstance(target, ast.Name)}
            found |= {f"from .resources.{module} import {name}" for name in names & used}
    return found


def _class(resource: ast.ClassDef, module: str) -> str:
    lines = [
        f"\n\nclass {resource.name}Sync:\n",
        f'    """{ast.get_docstring(resource)}"""\n\n',
        f"    def __init__(self, inner: _{module}.{resource.name}, loop: LoopThread) -> None:\n",
        "        self._inner = inner\n        self._loop = loop\n",
    ]
    for method in resource.body:
        if isinstance(method, ast.AsyncFunctionDef) and not method.name.startswith("_"):
            lines.append(_method(method))
    return "".join(lines)


def _method(method: ast.AsyncFunctionDef) -> str:
    if method.returns is None:
        raise ValueError(f"{method.name} does not say what it returns")
    returns = ast.unparse(method.returns)
    iterates = returns.startswith("AsyncIterator[")
    call = f"self._inner.{method.name}({', '.join(_passed(method.args))})"
    run = f"self._loop.{'iterate' if iterates else 'run'}({call})"
    doc = (ast.get_docstring(method, clean=True) or "").splitlines()
    head, *rest = doc
    text = "\n".join([f'        """{head}', *(f"        {line}".rstrip() for line in rest)])
    close = '"""' if not rest else '\n        """'
    return (
        f"\n    def {method.name}({ast.unparse(method.args)}) -> {returns.removeprefix('Async')}:\n"
        f"{text}{close}\n"
        f"        return {run}\n"
    )


def _passed(args: ast.arguments) -> list[str]:
    positional = [a.arg for a in args.posonlyargs + args.args if a.arg != "self"]
    rest = [f"*{args.vararg.arg}"] if args.vararg else []
    return positional + rest + [f"{a.arg}={a.arg}" for a in args.kwonlyargs]


def main() -> int:
    """Writes it, or with ``--check`` compares it."""
    text = generate()
    if "--check" not in sys.argv:
        TARGET.write_text(text, "utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text("utf-8") == text:
        return 0
    print(f"{TARGET.name} is out of date: python tools/generate_sync.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
