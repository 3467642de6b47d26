"""Downloads a registered version into the cache: compared with its checksums, then tried out, before it is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from loguru import logger

from recsys.alias.tag_names import read_tag
from recsys.errors import ArtifactError
from recsys.model_version import ModelVersion
from recsys.setting_groups import ModelSettings
from serving.shared.cached_version import CachedVersion, utc_now
from serving.shared.fingerprint import fingerprint
from serving.shared.model_cache import ModelCache
from serving.shared.published_traffic import read_challenger

SmokeTest = Callable[[Path], None]
"""Raises `ArtifactError` when the version in a folder does not answer."""


@dataclass(frozen=True)
class Admission:
    """What a version has to pass before it is served.

    Attributes
    ----------
    smoke_test
        Lets it answer once.
    check
        Looks at what the registry says of it, before anything is fetched; raises `ArtifactError` for a wrong signature.
    check_cached
        Looks at what a pointer in the cache says of it, which others may have altered with the files; raises the same.
    """

    smoke_test: SmokeTest
    check: Callable[[ModelVersion], None] = lambda _: None
    check_cached: Callable[[CachedVersion], None] = lambda _: None

    def objection(self, cached: CachedVersion) -> str:
        """Return why what a pointer names may not be served, empty when it may."""
        try:
            self.check_cached(cached)
        except ArtifactError as error:
            return str(error)
        return ""


def check_signature_of(settings: ModelSettings) -> Callable[[CachedVersion], None]:
    """Return a function that raises `ArtifactError` when a pointer's signature is not as the settings demand."""
    from recsys.signatures import Signatures  # noqa: PLC0415  as below

    signatures = Signatures.of(settings)

    def check(cached: CachedVersion) -> None:
        sums = cached.artifact_sha256, cached.model_json_sha256
        signatures.check_sums(f"version {cached.version} of {cached.name}", *sums, cached.signature)

    return check


class Downloads(Protocol):
    """What a download needs of the registry."""

    def download(self, version: ModelVersion, folder: Path) -> Path:
        """Fetch the artifacts of a version into a folder and return where they lie."""


def admitted_from_cache(cache: ModelCache, settings: ModelSettings) -> CachedVersion | None:
    """Return what the cache lets be served before the registry has been asked; what is not admitted is withdrawn."""
    cached = cache.current_if_whole()
    if cached is None or settings.signing_key is None:
        return cached
    admission = Admission(lambda _: None, check_cached=check_signature_of(settings))
    if problem := admission.objection(cached):
        logger.error("{}", problem)
        cache.withdraw(problem)
        return None
    challenger = read_challenger(cache.pointer)
    if challenger is not None and (problem := admission.objection(challenger)):
        cache.drop_challenger(problem)
    return cached


def cached_version_of(cache: ModelCache, version: ModelVersion) -> CachedVersion:
    """Return what is published once the version lies in the cache as the registry's checksums demand it.

    Raises
    ------
    ArtifactError
        When the version has no checksums.
    """
    # Here, as it brings NumPy, which the parent process loads late.
    from recsys.model_checks import MODEL_TAG, expected_sum  # noqa: PLC0415
    from recsys.signatures import SIGNATURE_TAG  # noqa: PLC0415

    artifact_sha256 = expected_sum(version)
    folder = cache.folder_for(version.version, artifact_sha256)
    return CachedVersion(
        name=version.name,
        version=version.version,
        run_id=version.run_id,
        folder=str(folder.relative_to(cache.root)),
        artifact_sha256=artifact_sha256,
        published_at=utc_now(),
        model_json_sha256=read_tag(version.tags, MODEL_TAG) or "",
        signature=read_tag(version.tags, SIGNATURE_TAG) or "",
    )


def ensure_cached(
    registry: Downloads, cache: ModelCache, version: ModelVersion, place: CachedVersion, smoke_test: SmokeTest
) -> bool:
    """Fetch a version to its place unless it lies there, and return whether it had to be fetched.

    Raises
    ------
    ArtifactError
        When it has been altered or does not answer.
    RegistryError
        When it cannot be fetched.
    """
    from recsys.model_checks import verify_checksums  # noqa: PLC0415  as above

    if cache.is_checked(place):
        return False
    logger.info("fetching version {} of {}", version.version, version.name)
    with cache.scratch() as scratch:
        fetched = registry.download(version, scratch)
        # Taken first, so that nothing that is altered while it is read, or by its own code, passes for checked.
        checked = fingerprint(fetched)
        verify_checksums(fetched, version)
        smoke_test(fetched)
        cache.store(fetched, cache.root / place.folder, checked)
    return True
