"""The layers: who may import whom. See the layout in CONTRIBUTING.md."""

import ast
from pathlib import Path

import pytest
from source_imports import imported_modules, imports

ROOT = Path(__file__).parent.parent
MLFLOW_WITHIN_RECSYS = {"recsys/pyfunc.py", "recsys/registry.py"}


FOUND = sorted({(file, module) for file, module, _ in imports()})


def importers(module: str, package: str) -> set[str]:
    """Return the files below a folder that import a module or anything in it."""
    return {
        file for file, imported in FOUND if file.startswith(f"{package}/") and f"{imported}.".startswith(f"{module}.")
    }


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
        ("serving/parent", "fastapi"),
        ("serving/parent", "starlette"),
        ("serving/parent", "serving.worker"),
        ("serving/worker", "serving.parent"),
        ("serving/worker", "recsys.registry"),
        ("serving/worker", "recsys.pyfunc"),
        ("serving/shared", "fastapi"),
        ("serving/shared", "starlette"),
        ("serving/shared", "mlflow"),
        ("serving/shared", "serving.parent"),
        ("serving/shared", "serving.worker"),
    ],
)
def test_folder_never_imports(package: str, forbidden: str) -> None:
    assert importers(forbidden, package) == set()


def test_mlflow_is_imported_by_a_worker_for_the_scoring_protocol_only() -> None:
    assert importers("mlflow", "serving/worker") <= {"serving/worker/scoring.py"}
    at_the_top = ast.parse((ROOT / "serving/worker/scoring.py").read_text(encoding="utf-8")).body
    assert not [node for node in at_the_top if any(name.startswith("mlflow") for name in imported_modules(node))]


@pytest.mark.parametrize(
    ("statement", "module"),
    [
        ("import mlflow", "mlflow"),
        ("import mlflow.pyfunc as p", "mlflow.pyfunc"),
        ("from mlflow import pyfunc", "mlflow.pyfunc"),
        ("def f():\n    from serving import parent", "serving.parent"),
        ("importlib.import_module('mlflow.pyfunc')", "mlflow.pyfunc"),
        ("__import__('mlflow')", "mlflow"),
    ],
)
def test_imports_of_any_form_are_seen(statement: str, module: str) -> None:
    assert module in [name for node in ast.walk(ast.parse(statement)) for name in imported_modules(node)]


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
