"""Brings a registered version into the cache: fetched, compared with its checksums, tried out; or already there."""

import threading
from typing import TYPE_CHECKING

from loguru import logger

from serving.parent import candidate
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
    artifact_sha256 = candidate.expected_sum(version)
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
        candidate.verify(fetched, version)
        with _trial:
            candidate.try_out(fetched)
        cache.store(fetched, cache.root / place.folder)
