"""What the modules of the three packages import, read from their syntax trees."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("recsys", "training", "serving")


@cache
def imports() -> tuple[tuple[str, str, bool], ...]:
    """Return (file, imported module, whether it is imported at run time) for every import, inside functions too.

    ``from a import b`` gives both ``a`` and ``a.b``, and ``import_module("a")`` counts as an import. What stands under
    ``if TYPE_CHECKING`` is not imported at run time.
    """
    return tuple(_imports())


def _imports() -> Iterator[tuple[str, str, bool]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for_types = {child for node in ast.walk(tree) if _is_type_checking(node) for child in ast.walk(node)}
            for node in ast.walk(tree):
                yield from ((name, module, node not in for_types) for module in imported_modules(node))


def imported_modules(node: ast.AST) -> list[str]:
    """Return the modules that one node of a syntax tree imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Call) and _called(node.func) in ("import_module", "__import__"):
        first = node.args[0]
        return [first.value] if isinstance(first, ast.Constant) else []
    return []


def _called(function: ast.expr) -> str:
    """Return the last part of what is called, which costs a tenth of writing out all of it."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
