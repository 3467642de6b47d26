"""The layers: who may import whom. See the layout in CONTRIBUTING.md."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_imports import imported_modules, imports

ROOT = Path(__file__).parent.parent
MLFLOW_WITHIN_RECSYS = {"recsys/pyfunc.py", "recsys/pyfunc_model.py", "recsys/registry.py"}


def importers(module: str, package: str) -> set[str]:
    """Return the files below a folder that import a module or anything in it."""
    return {
        file
        for file, imported, _ in imports()
        if file.startswith(f"{package}/") and f"{imported}.".startswith(f"{module}.")
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
        ("serving/parent", "mlflow"),
        ("serving/parent", "recsys.registry"),
        ("serving/parent", "recsys.pyfunc"),
        ("serving/parent", "serving.mlflow_child"),
        ("serving/mlflow_child", "fastapi"),
        ("serving/mlflow_child", "serving.parent"),
        ("serving/mlflow_child", "serving.worker"),
        ("serving/worker", "serving.mlflow_child"),
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


OF_THE_ENTRY = {"serving/__init__.py", "serving/__main__.py"}
BY_SEVERAL = {
    "serving/pyfunc_loader.py": "scores by MLflow's pyfunc, in workers and in the smoke test of a candidate",
}
"""What lies beside the folders of the processes, and why it is in none of them."""


def test_beside_the_folders_of_serving_lies_what_starts_it_and_what_several_processes_need() -> None:
    found = {path.relative_to(ROOT).as_posix() for path in (ROOT / "serving").glob("*.py")}
    assert found == OF_THE_ENTRY | BY_SEVERAL.keys()


@pytest.mark.parametrize(
    "forbidden",
    ["fastapi", "starlette", "recsys.registry", "recsys.pyfunc", "serving.worker", "serving.mlflow_child"],
)
def test_what_starts_serving_or_is_shared_by_its_processes_never_imports(forbidden: str) -> None:
    assert importers(forbidden, "serving").isdisjoint(OF_THE_ENTRY | BY_SEVERAL.keys())


def test_what_starts_serving_imports_no_mlflow_and_what_is_shared_no_process() -> None:
    assert importers("mlflow", "serving").isdisjoint(OF_THE_ENTRY)
    assert importers("serving.pyfunc_loader", "serving").isdisjoint(OF_THE_ENTRY)
    assert importers("serving.parent", "serving").isdisjoint(BY_SEVERAL)


def test_pyfunc_loader_is_imported_late_by_workers_and_never_by_the_parent() -> None:
    assert {file.split("/")[1] for file in importers("serving.pyfunc_loader", "serving")} == {"worker", "mlflow_child"}
    at_the_top = [
        (file, name)
        for file in importers("serving.pyfunc_loader", "serving/worker")
        for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        for name in imported_modules(node)
    ]
    assert at_the_top
    assert not [file for file, name in at_the_top if f"{name}.".startswith("serving.pyfunc_loader.")]


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


def test_pyspark_is_imported_where_spark_is_asked_for_only() -> None:
    users = {file for package in ("recsys", "training", "serving") for file in importers("pyspark", package)}
    assert {file for file in users if not file.startswith("recsys/spark/")} == {"training/spark_engine.py"}
    # Without the extra, everything else is imported all the same.
    loaders = {file for package in ("recsys", "training") for file in importers("recsys.spark", package)}
    by_name = {"training/spark_engine.py", "training/commands/engine_flags.py"}
    assert {file for file in loaders if not file.startswith("recsys/spark/")} == by_name
    assert importers("training.spark_engine", "training") == set()


def test_no_module_unpickles() -> None:
    for module in ("pickle", "cloudpickle", "joblib", "dill", "shelve"):
        for package in ("recsys", "training", "serving"):
            assert importers(module, package) == set(), module


ENVIRONMENT_USERS = {
    "recsys/settings.py": "the settings, read once by each entry point",
    "recsys/env_file.py": "reads one value of the file that it writes, not the environment itself",
    "recsys/spark/session.py": "tells Spark, as it wants to be told, which Python its workers run",
    "training/cli.py": "an entry point: how often MLflow retries, and the run that `mlflow run` has prepared",
    "training/quiet.py": "called by that entry point: MLflow's progress bars",
    "training/project_run.py": "the run and the experiment that `mlflow run` names in the environment",
    "training/commands/ui.py": "hands the environment on to MLflow's server",
    "training/scheduling/child.py": "hands the environment on to a process",
    "serving/parent/mlflow_process.py": "hands the environment on to a process, without secrets",
    "serving/parent/reloader.py": "an entry point: the child that it starts shall not reload as well",
    "serving/parent/registry_client.py": "hands the environment on to a process",
    "serving/parent/worker_process.py": "hands the environment on to a process",
    "serving/mlflow_child/answering.py": "takes over the environment that its parent hands on",
    "serving/worker/scoring.py": "tells MLflow's scoring protocol that it serves",
}
"""Everything else gets its settings passed down."""

NAMES_OF_ENVIRONMENT = {
    *("environ", "environb", "getenv", "getenvb", "putenv", "unsetenv", "expandvars"),
    *("load_dotenv", "dotenv_values", "BaseSettings", "EnvSettingsSource", "DotEnvSettingsSource"),
}
"""Of `os`, ``posix``, ``dotenv`` and ``pydantic_settings``: whatever reads or writes it, or a file like it."""

MODULES_OF_ENVIRONMENT = {"os", "os.path", "posix", "posixpath", "nt", "ntpath"}


def uses_environment(tree: ast.AST) -> bool:
    """Return whether a module names the process's environment in any way: attribute, import, or text for getattr."""
    return any(names_environment(node) for node in ast.walk(tree))


def names_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in NAMES_OF_ENVIRONMENT
    if isinstance(node, ast.Import):
        return any(alias.name in ("posix", "nt", "dotenv") for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        names = {alias.name for alias in node.names}
        every = "*" in names and node.module in MODULES_OF_ENVIRONMENT | {"dotenv", "pydantic_settings"}
        return every or node.module in ("posix", "nt") or bool(NAMES_OF_ENVIRONMENT & names)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
        return text in NAMES_OF_ENVIRONMENT or (text.startswith("/proc/") and text.endswith("/environ"))
    return False


def at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what runs when a module is imported: everything but the bodies of functions."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in ("recsys", "training", "serving"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_environment_is_read_by_settings_and_entry_points_only() -> None:
    assert {name for name, tree in modules() if uses_environment(tree)} == set(ENVIRONMENT_USERS)


def test_environment_is_not_touched_at_import() -> None:
    touched = [
        name
        for name, tree in modules()
        for node in at_import(tree)
        if isinstance(node, ast.Attribute) and node.attr in NAMES_OF_ENVIRONMENT
    ]
    assert touched == []


@pytest.mark.parametrize(
    "statement",
    [
        "import os\nx = os.environ['A']",
        "import os\ndef f(): return os.environ.get('A')",
        "import os as system\nsystem.getenv('A')",
        "from os import environ",
        "from os import getenv as ask",
        "import os\ngetattr(os, 'environ')",
        "import os\nfor name in os.environ: pass",
        "import posix\nposix.environ[b'A']",
        "from posix import environ as e",
        "__import__('posix').environ",
        "import os.path\nos.path.expandvars('$A')",
        "from os.path import expandvars",
        "from posixpath import expandvars as expanded",
        "from os.path import *",
        "from dotenv import dotenv_values",
        "import dotenv\ndotenv.dotenv_values()['A']",
        "from dotenv import load_dotenv",
        "from pydantic_settings import BaseSettings",
        "import pydantic_settings\nclass Own(pydantic_settings.BaseSettings): pass",
        "from pathlib import Path\nPath('/proc/self/environ').read_bytes()",
    ],
)
def test_uses_environment_sees_any_form(statement: str) -> None:
    assert uses_environment(ast.parse(statement))
    assert not uses_environment(ast.parse("environment = settings.environment"))
