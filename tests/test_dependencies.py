"""Imports against declarations: what is imported is declared, and what is declared is imported."""

import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import packages_distributions

import pytest
from source_imports import PACKAGES, ROOT, imports

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NOT_IMPORTED = {
    "boto3",  # MLflow's client of the bucket
    "scikit-learn",  # named by the product's user; why it is not imported stands in CONTRIBUTING.md
    "pip",  # MLflow writes its version into the environment of a model
}
BROUGHT_BY = {
    "starlette": "fastapi",
    "httptools": "uvicorn",
    "mlflow-skinny": "mlflow",
    "mlflow-tracing": "mlflow",
    "sqlalchemy": "mlflow",
    "py4j": "pyspark",
}
"""Distributions that another one consists of."""

OPTIONAL = {"serving": {"pyarrow"}, "training": {"pyspark"}}
"""Imported by an image's code only where it is installed."""


@cache
def run_time_imports() -> tuple[tuple[str, str], ...]:
    """Return (file, imported module) of what is imported at run time."""
    return tuple((file, module) for file, module, at_run_time in imports() if at_run_time)


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower()


@cache
def distributions() -> dict[str, set[str]]:
    return {module: {name.lower() for name in names} for module, names in packages_distributions().items()}


def third_party(files: Iterable[str]) -> set[str]:
    """Return the distributions that files import."""
    own = {*PACKAGES, *sys.stdlib_module_names}
    tops = {module.split(".")[0] for file, module in run_time_imports() if file in set(files)} - own
    found = {BROUGHT_BY.get(name, name) for top in tops for name in distributions().get(top, {top})}
    return {name.replace("_", "-") for name in found}


def reached_from(folder: str) -> set[str]:
    """Return the files of a folder and all those of this project that they import.

    A package that looks for its modules itself, as `recsys.methods` does, reaches all of them.
    """
    seen: set[str] = set()
    todo = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")}
    while todo:
        file = todo.pop()
        seen.add(file)
        paths = {module.replace(".", "/") for importer, module in run_time_imports() if importer == file}
        candidates = {f"{path}{ending}" for path in paths for ending in (".py", "/__init__.py")}
        if "pkgutil" in paths:
            candidates |= {path.relative_to(ROOT).as_posix() for path in (ROOT / file).parent.glob("*.py")}
        todo |= {candidate for candidate in candidates if (ROOT / candidate).is_file()} - seen
    return seen


def all_files() -> set[str]:
    return {path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}


def test_every_import_is_a_declared_dependency() -> None:
    project = PROJECT["project"]
    declared = {name_of(wanted) for wanted in project["dependencies"]}
    assert third_party(all_files()) <= declared | {
        name_of(wanted) for wanted in project["optional-dependencies"]["spark"]
    }


def test_every_declared_dependency_is_imported() -> None:
    declared = {name_of(wanted) for wanted in PROJECT["project"]["dependencies"]}
    assert declared - NOT_IMPORTED <= third_party(all_files())


@pytest.mark.parametrize("image", ["serving", "training"])
def test_image_declares_what_its_code_imports(image: str) -> None:
    group = {name_of(wanted) for wanted in PROJECT["dependency-groups"][image]}
    group |= {"mlflow"} if "mlflow-skinny" in group else set()
    assert third_party(reached_from(image)) - OPTIONAL[image] <= group


@pytest.mark.parametrize("image", ["serving", "training"])
def test_image_holds_nothing_that_its_code_does_not_import(image: str) -> None:
    group = {name_of(wanted) for wanted in PROJECT["dependency-groups"][image]}
    assert {BROUGHT_BY.get(name, name) for name in group} - NOT_IMPORTED <= third_party(reached_from(image))


def test_reached_from_follows_imports_into_other_packages() -> None:
    reached = reached_from("serving")
    assert "recsys/storage.py" in reached
    assert not {file for file in reached if file.startswith("training/")}


def test_reached_from_follows_a_package_that_looks_for_its_modules() -> None:
    assert "recsys/methods/item_knn.py" in reached_from("training")
