"""A version on its way into the cache: fetched, compared with its checksums, then tried out.

Only this module and `recsys.registry` bring MLflow into the parent process; it is imported when it is first needed.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.checksums import sha256_of, tree_sha256
from recsys.errors import ArtifactError
from recsys.storage import LOGGED_FOLDER, MANIFEST, load_model

if TYPE_CHECKING:
    from recsys.registry import ModelVersion

ARTIFACT_TAG = "artifact_sha256"
MODEL_TAG = "model_json_sha256"


def expected_sum(version: "ModelVersion") -> str:
    """Return the sum of the artifacts that the registry's tags demand.

    Raises
    ------
    ArtifactError
        When the version has no such tags: what has no sum cannot be checked.
    """
    missing = [tag for tag in (ARTIFACT_TAG, MODEL_TAG) if not version.tags.get(tag)]
    if missing:
        raise ArtifactError(
            f"version {version.version} of {version.name} has no tag {' and no tag '.join(missing)}, so its files "
            "cannot be checked; register it with `python -m training train`"
        )
    return version.tags[ARTIFACT_TAG]


def verify(folder: Path, version: "ModelVersion") -> None:
    """Compare fetched artifacts with the sums in the registry's tags, before anything of them is loaded.

    Raises
    ------
    ArtifactError
        When a file has been altered, added or removed.
    """
    for path in folder.rglob("*"):
        if path.is_symlink() or path.name == "__pycache__":
            raise ArtifactError(f"version {version.version} of {version.name} holds {path.name}, which no model needs")
    sums = {ARTIFACT_TAG: tree_sha256(folder), MODEL_TAG: _manifest_sum(folder, version)}
    for tag, found in sums.items():
        if found != version.tags[tag]:
            raise ArtifactError(
                f"the artifacts of version {version.version} of {version.name} have been altered: {tag} is {found}, "
                f"the registry says {version.tags[tag]}; it is not loaded"
            )


def try_out(folder: Path) -> None:
    """Load a verified version as pyfunc and let it answer once.

    Raises
    ------
    ArtifactError
        When it does not load, or its answer is not a list of known movies with finite scores.
    """
    from recsys.pyfunc import input_example  # noqa: PLC0415
    from serving.pyfunc_loader import load_pyfunc  # noqa: PLC0415

    recommender, _ = load_model(folder / LOGGED_FOLDER)
    question, params = input_example(recommender)
    try:
        answer: Any = load_pyfunc(folder).predict(question, params=params)
        movie_ids, scores = list(answer["movie_ids"][0]), list(answer["scores"][0])
    except Exception as error:
        raise ArtifactError(f"the model does not answer: {type(error).__name__}: {error}") from error
    known = set(recommender.catalog.movie_ids.tolist()) - set(question["movie_ids"][0])
    if not set(movie_ids) <= known or not all(map(math.isfinite, scores)) or bool(movie_ids) != bool(known):
        raise ArtifactError(f"the model gives a senseless answer: movies {movie_ids}, scores {scores}")


def _manifest_sum(folder: Path, version: "ModelVersion") -> str:
    manifest = folder / LOGGED_FOLDER / MANIFEST
    if not manifest.is_file():
        raise ArtifactError(
            f"version {version.version} of {version.name} holds no {LOGGED_FOLDER / MANIFEST}; "
            "it is no movie recommender"
        )
    return sha256_of(manifest)
