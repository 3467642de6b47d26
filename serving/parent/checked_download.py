"""Downloads a registered version into the cache: compared with its checksums, then tried out, before it is stored.

Only this module and `recsys.registry` import MLflow in the parent process, late, when it is first needed.
"""

import math
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger

from recsys.errors import ArtifactError
from recsys.model_checks import expected_sum, verify_checksums
from recsys.storage import LOGGED_FOLDER, load_model
from serving.shared.cached_version import CachedVersion, utc_now
from serving.shared.model_cache import ModelCache

if TYPE_CHECKING:
    from recsys.registry import ModelVersion, Registry

_trial = threading.Lock()
"""Loading a model as code changes the interpreter for a moment; the sync and the loader of versions take turns."""


def cached_version_of(cache: ModelCache, version: "ModelVersion") -> CachedVersion:
    """Return what is published once the version lies in the cache as the registry's checksums demand it.

    Raises
    ------
    ArtifactError
        When the version has no checksums.
    """
    artifact_sha256 = expected_sum(version)
    folder = cache.folder_for(version.version, artifact_sha256)
    return CachedVersion(
        name=version.name,
        version=version.version,
        run_id=version.run_id,
        folder=str(folder.relative_to(cache.root)),
        artifact_sha256=artifact_sha256,
        published_at=utc_now(),
    )


def ensure_cached(registry: "Registry", cache: ModelCache, version: "ModelVersion", place: CachedVersion) -> None:
    """Fetch a version to its place, unless it lies there.

    Raises
    ------
    ArtifactError
        When it has been altered or does not answer.
    RegistryError
        When it cannot be fetched.
    """
    if cache.is_intact(place):
        return
    logger.info("fetching version {} of {}", version.version, version.name)
    with cache.scratch() as scratch:
        fetched = registry.download(version, scratch)
        verify_checksums(fetched, version)
        with _trial:
            smoke_test(fetched)
        cache.store(fetched, cache.root / place.folder)


def smoke_test(folder: Path) -> None:
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
        raise ArtifactError(f"the smoke test failed: movies {movie_ids}, scores {scores}")
