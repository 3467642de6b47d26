"""Each image holds what its code imports."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import lock
import pytest

ROOT = Path(__file__).parents[2]
CONTENT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
OWN = {"recsys", "training", "serving"}
FULL_MLFLOW = {"mlflow": {"mlflow", "mlflow-skinny"}}


def imported_by(folder: str) -> Iterator[tuple[str, str]]:
    """Yield each file and the packages of others that it imports, wherever in the file."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in names:
                top = name.partition(".")[0]
                if top not in OWN and top not in sys.stdlib_module_names:
                    yield str(path.relative_to(ROOT)), top


# The learning methods and the evaluation are in recsys, but the service does not import them. SQLAlchemy is for a
# database as tracking address, Parquet for where MLflow can read it.
NOT_SERVED = {"scipy", "similaripy", "tqdm", "sqlalchemy", "pyarrow"}
# An extra, for whoever has a cluster: --engine spark says how to install it.
EXTRA = {"pyspark", "py4j"}


@pytest.mark.parametrize(
    ("image", "folders", "unused"),
    [("training", ("recsys", "training"), EXTRA), ("serving", ("recsys", "serving"), NOT_SERVED | EXTRA)],
)
def test_image_holds_what_its_code_imports(image: str, folders: tuple[str, ...], unused: set[str]) -> None:
    held = set(lock.pins(ROOT / f"requirements-{image}.lock"))
    providers = packages_distributions()
    for folder in folders:
        for path, package in imported_by(folder):
            provided_by = providers.get(package, [package])
            names = FULL_MLFLOW.get(package) or {name.lower().replace("_", "-") for name in provided_by}
            assert package in unused or names & held, f"{path} imports {package}, which the image {image} lacks"


@pytest.mark.parametrize("image", sorted(CONTENT["tool"]["movie-recsys"]["excludes"]))
def test_excluded_packages_are_in_no_lock(image: str) -> None:
    assert not set(CONTENT["tool"]["movie-recsys"]["excludes"][image]) & set(
        lock.pins(ROOT / f"requirements-{image}.lock")
    )


def test_serving_image_has_the_slim_client_only() -> None:
    held = set(lock.pins(ROOT / "requirements-serving.lock"))
    assert "mlflow-skinny" in held
    assert not held & {"mlflow", "scikit-learn", "scipy", "matplotlib", "pyarrow", "boto3", "sqlalchemy", "optuna"}
