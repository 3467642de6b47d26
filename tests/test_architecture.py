"""The layers: who may import whom. See the layout in CONTRIBUTING.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MLFLOW_WITHIN_RECSYS = {"recsys/pyfunc.py", "recsys/registry.py"}


def imports() -> Iterator[tuple[str, str]]:
    """Yield (file, imported module) for every import statement of the three packages."""
    for package in ("recsys", "training", "serving"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((name, alias.name) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield name, node.module


FOUND = sorted(set(imports()))


def importers(module: str, package: str) -> set[str]:
    return {file for file, imported in FOUND if file.startswith(f"{package}/") and imported.split(".")[0] == module}


def test_imports_are_found_at_all() -> None:
    assert importers("mlflow", "recsys") == MLFLOW_WITHIN_RECSYS
    assert importers("recsys", "training")
    assert importers("recsys", "serving")


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("recsys", "training"),
        ("recsys", "serving"),
        ("training", "serving"),
        ("serving", "training"),
        ("recsys", "fastapi"),
        ("training", "fastapi"),
        ("recsys", "optuna"),
    ],
)
def test_package_never_imports(package: str, forbidden: str) -> None:
    assert importers(forbidden, package) == set()


def test_no_module_unpickles() -> None:
    for module in ("pickle", "cloudpickle", "joblib", "dill", "shelve"):
        for package in ("recsys", "training", "serving"):
            assert importers(module, package) == set(), module


def test_environment_is_read_by_settings_and_entry_points_only() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for package in ("recsys", "training", "serving")
        for path in (ROOT / package).rglob("*.py")
        if "os.environ[" in path.read_text(encoding="utf-8") or "os.getenv" in path.read_text(encoding="utf-8")
    }
    assert "recsys/model.py" not in readers
    assert not {reader for reader in readers if reader.startswith("recsys/")} - {"recsys/settings.py"}
