"""Brings a registered version into the cache: fetched, compared with its checksums, tried out; or already there."""

from typing import TYPE_CHECKING

from loguru import logger

from serving import candidate
from serving.model_cache import ModelCache
from serving.published import Published, utc_now

if TYPE_CHECKING:
    from recsys.registry import ModelVersion, Registry


def bring(registry: "Registry", cache: ModelCache, version: "ModelVersion") -> Published:
    """Return a version that lies in the cache as the registry's checksums demand it.

    Raises
    ------
    ArtifactError
        When it has no checksums, has been altered, or does not answer.
    RegistryError
        When it cannot be fetched.
    """
    artifact_sha256 = candidate.expected_sum(version)
    folder = cache.folder_for(version.version, artifact_sha256)
    wanted = Published(
        name=version.name,
        version=version.version,
        run_id=version.run_id,
        folder=str(folder.relative_to(cache.root)),
        artifact_sha256=artifact_sha256,
        published_at=utc_now(),
    )
    if not cache.has(wanted):
        logger.info("fetching version {} of {}", version.version, version.name)
        with cache.scratch() as scratch:
            fetched = registry.download(version, scratch)
            candidate.verify(fetched, version)
            candidate.try_out(fetched)
            cache.store(fetched, folder)
    return wanted
