"""Versions registered by the release before are served by this one; one of this one is read by it, or refused.

``tests/data/release-0.1.0.zip`` holds the artifacts of a version that release 0.1.0 registered, from invented ratings
of six films.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from published_models import save_artifacts

from recsys.data import Dataset
from recsys.model_checks import verify_checksums
from recsys.storage import LOGGED_FOLDER
from serving.mlflow_child.smoke_test import smoke_test
from serving.shared.cached_version import CachedVersion
from serving.worker.loaded_model import load_cached_version

ARCHIVE = Path(__file__).parents[2] / "data" / "release-0.1.0.zip"
FILMS = {10, 20, 30, 40, 50, 60}

PREDICT = """
import sys, mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = pd.DataFrame({"movie_ids": [[10, 20]], "ratings": [[5.0, 4.5]]})
print(sorted(model.predict(rows, params={"n": 4})["movie_ids"][0]))
"""
READ = """
import sys
from pathlib import Path
from recsys.errors import ArtifactError
from recsys.storage import load_model
try:
    print(len(load_model(Path(sys.argv[1]))[0].catalog.titles), "movies")
except ArtifactError as error:
    print("refused:", error)
"""


@pytest.fixture
def registered(tmp_path: Path) -> Path:
    """Return the unpacked artifacts of the older version."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path / "1")
    return tmp_path / "1"


def version_with(tags: dict[str, str]) -> Any:
    return SimpleNamespace(name="movie-recommender", version=1, tags=tags)


def run_script(script: str, folder: Path, *, imports_from: Path, cwd: Path) -> str:
    """Return what a Python process prints that knows no other ``recsys`` than one folder's."""
    environment = {**os.environ, "PYTHONPATH": str(imports_from)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def test_older_version_passes_the_checks_of_its_registry_tags(registered: Path) -> None:
    tags = {
        "artifact_sha256": "635a88e0e13fa4e7c6e4bfe9d25b88646fa35ce62d319f70d63bf02822bf96dc",
        "model_json_sha256": "15809039184bfcf679eb4d378fe4f088f6842445c5727507260568a201104f17",
    }
    verify_checksums(registered, version_with(tags))


def test_older_version_passes_the_smoke_test(registered: Path) -> None:
    smoke_test(registered)


def test_older_version_answers_in_a_worker(registered: Path) -> None:
    cached = CachedVersion("movie-recommender", 1, "run", registered.name, "sum", "2026-11-24T00:00:00Z")
    loaded = load_cached_version(cached, registered.parent)
    answer = loaded.recommender.recommend([10, 20], [5.0, 4.5], n=4)
    assert set(loaded.catalog.movie_ids[answer.item_indices].tolist()) == FILMS - {10, 20}
    assert loaded.titles is not None


def test_older_version_predicts_without_this_project(registered: Path, tmp_path: Path) -> None:
    printed = run_script(PREDICT, registered, imports_from=tmp_path, cwd=tmp_path)
    assert printed == str(sorted(FILMS - {10, 20}))


def test_version_of_this_release_is_read_by_the_older_or_refused_in_a_sentence(
    registered: Path, tiny: Dataset, tmp_path: Path
) -> None:
    save_artifacts(tiny, tmp_path / "2", "hybrid")
    printed = run_script(READ, tmp_path / "2" / LOGGED_FOLDER, imports_from=registered / "code", cwd=tmp_path)
    assert printed == f"{tiny.n_items} movies" or printed.startswith("refused: ")
