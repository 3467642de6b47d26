"""The parent's second thread: keeps the list of versions, and downloads those that are wanted for a comparison.

It is apart from the sync, so that a slow download for a comparison never holds up a promotion.
"""

import time
from typing import Protocol

from loguru import logger

from recsys.errors import RecsysError, RegistryError
from recsys.model_version import ModelVersion
from serving.parent.checked_download import Admission, Downloads, cached_version_of, ensure_cached
from serving.shared.comparison_files import KEPT_COMPARISONS, ComparisonFiles, ComparisonVersion
from serving.shared.model_cache import ModelCache
from serving.shared.version_list import VersionList, write_version_list

RETRY_SECONDS = 10.0
"""A refused version that is asked for again is tried again after so long."""


class Versions(Downloads, Protocol):
    """What comparisons need of the registry."""

    def version(self, version: int) -> ModelVersion:
        """Return one version."""

    def listing(self) -> VersionList:
        """Return the registered versions."""


class VersionLoader:
    """Brings versions beside the served one into the cache, at most `KEPT_COMPARISONS` at a time.

    Parameters
    ----------
    registry
        A connection of its own.
    cache
        The model cache.
    poll_seconds
        How often the list of versions is asked for.
    admission
        What a version has to pass.
    """

    def __init__(self, registry: Versions, cache: ModelCache, poll_seconds: float, admission: Admission) -> None:
        self.registry = registry
        self.admission = admission
        self.cache = cache
        self.poll_seconds = poll_seconds
        self.extra = ComparisonFiles(cache)
        self._refused_at: dict[int, float] = {}
        self._listed_at = float("-inf")
        self.extra.forget_all()

    def look(self) -> None:
        """Bring the list up to date if it is time, evict what is too much, and download what is wanted.

        Another service on this host does it while this one does not hold the cache's lock.
        """
        if not self.cache.lock.held:
            return
        if time.monotonic() - self._listed_at >= self.poll_seconds:
            self._list()
        wanted = self.extra.wanted()
        for version in wanted[KEPT_COMPARISONS:]:
            self.extra.forget(version)
            self._refused_at.pop(version, None)
        for version in wanted[:KEPT_COMPARISONS]:
            if self._is_due(version):
                self._bring(version)

    def _list(self) -> None:
        try:
            write_version_list(self.extra.list, self.registry.listing())
        except (RegistryError, OSError) as error:
            logger.debug("versions: {}", error)
        self._listed_at = time.monotonic()

    def _is_due(self, version: int) -> bool:
        extra = self.extra.get(version)
        place = extra and extra.published
        if place and not self.admission.objection(place) and self.cache.is_checked(place):
            return False
        if version not in self._refused_at:
            return True
        since = time.monotonic() - self._refused_at[version]
        return since > RETRY_SECONDS > self.extra.seconds_since_wanted(version)

    def _bring(self, version: int) -> None:
        try:
            found = self.registry.version(version)
            self.admission.check(found)
            place = cached_version_of(self.cache, found)
            ensure_cached(self.registry, self.cache, found, place, self.admission.smoke_test)
            self.extra.put(version, ComparisonVersion(place))
        except (RecsysError, OSError) as error:
            self._refuse(version, error)
            return
        self._refused_at.pop(version, None)
        self.cache.mark_used(place)
        logger.info("version {} is ready for comparisons", version)

    def _refuse(self, version: int, error: Exception) -> None:
        logger.warning("version {} cannot be compared: {}", version, error)
        self._refused_at[version] = time.monotonic()
        try:
            self.extra.put(version, ComparisonVersion(None, str(error)))
        except OSError as full:
            logger.warning("the reason cannot be written to {}: {}", self.extra.folder, full)
