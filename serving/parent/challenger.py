"""Gets the Challenger ready to answer its part of the traffic, checked as Production is, and says why it is not.

The sync only looks whether the Challenger lies in the cache. The background thread fetches it, so that no promotion
waits for that.
"""

import threading
import time
from dataclasses import dataclass

from loguru import logger

from recsys.errors import ParameterError, RecsysError
from recsys.model_version import ModelVersion
from recsys.traffic import CHALLENGER, Shares, salt_of
from serving.parent.checked_download import Admission, Downloads, cached_version_of, ensure_cached
from serving.parent.look import Look
from serving.shared.cached_version import CachedVersion
from serving.shared.model_cache import ModelCache
from serving.shared.published_traffic import PublishedTraffic

FIRST_WAIT, LONGEST_WAIT = 5.0, 120.0
"""A Challenger that was refused is tried again after 5, 10, 20 ... seconds, at the latest after so many."""


@dataclass(frozen=True)
class Refusal:
    """A Challenger that gets no traffic, until it is tried again."""

    version: ModelVersion
    reason: str
    waits: float
    again_at: float


class Challenger:
    """The Challenger of one registered model.

    Parameters
    ----------
    cache
        Where it is kept.
    admission
        What it has to pass.
    """

    def __init__(self, cache: ModelCache, admission: Admission) -> None:
        self._cache = cache
        self.admission = admission
        self._wanted: ModelVersion | None = None
        self._refusal: Refusal | None = None
        self.changed = threading.Event()
        """Set when it has been fetched or refused, so that the sync looks again."""
        self.has_new_copy = threading.Event()
        """Set when it has been fetched, so that the workers load that copy."""

    def forget_refusal(self) -> None:
        """Try a refused version again even when its time has not come."""
        self._refusal = None

    def traffic(self, look: Look, production: CachedVersion) -> PublishedTraffic | None:
        """Return what is to be published beside Production, None when nothing is asked for; fetches nothing."""
        try:
            shares = Shares.of(look.traffic)
        except ParameterError as error:
            self._wanted = None
            return self._nobody(look, str(error))
        self._wanted = look.challenger if shares else None
        if not shares:
            return None
        if look.challenger is None:
            return self._nobody(look, f"no version has the alias {CHALLENGER}")
        return self._traffic_of(look.challenger, look, shares, production)

    def _traffic_of(
        self, version: ModelVersion, look: Look, shares: Shares, production: CachedVersion
    ) -> PublishedTraffic:
        if version.version == production.version:
            self._wanted = None
            return self._nobody(look, f"{CHALLENGER} is version {version.version}, which answers everyone already")
        refusal = self._refusal
        if refusal and refusal.version == version:
            return self._nobody(look, f"version {version.version} cannot be tried: {refusal.reason}")
        try:
            self.admission.check(version)
            place = cached_version_of(self._cache, version)
        except (RecsysError, OSError) as error:
            return self._nobody(look, f"version {version.version} cannot be tried: {error}")
        if not self._cache.is_checked(place):
            return self._nobody(look, f"version {version.version} is being fetched and checked")
        return PublishedTraffic(
            challenger_share=str(shares.challenger),
            shadow_share=str(shares.shadow),
            challenger_version=version.version,
            challenger=place,
            salt=salt_of(version.version, place.artifact_sha256),
        )

    def fetch(self, registry: Downloads) -> None:
        """Fetch the Challenger if it is wanted, not in the cache, and due; for the background thread."""
        version = self._wanted
        if version is None or not self._cache.lock.held or not self._is_due(version):
            return
        try:
            self.admission.check(version)
            place = cached_version_of(self._cache, version)
            if self._cache.is_checked(place):
                if self._refusal is not None:
                    self._refusal = None
                    self.changed.set()
                return
            ensure_cached(registry, self._cache, version, place, self.admission.smoke_test)
            self._refusal = None
            self.has_new_copy.set()
            self._cache.mark_used(place)
            logger.info("version {} is ready to be tried as {}", version.version, CHALLENGER)
        except (RecsysError, OSError) as error:
            self._refuse(version, error)
        self.changed.set()

    def _is_due(self, version: ModelVersion) -> bool:
        refusal = self._refusal
        return refusal is None or refusal.version != version or time.monotonic() >= refusal.again_at

    def _refuse(self, version: ModelVersion, error: Exception) -> None:
        before = self._refusal
        waits = min(LONGEST_WAIT, before.waits * 2) if before and before.version == version else FIRST_WAIT
        if before is None or before.version != version or before.reason != str(error):
            logger.warning("version {} cannot be tried as {}: {}", version.version, CHALLENGER, error)
        self._refusal = Refusal(version, str(error), waits, time.monotonic() + waits)

    @staticmethod
    def _nobody(look: Look, problem: str) -> PublishedTraffic:
        """Return that Production answers everyone, and why."""
        try:
            shares = Shares.of(look.traffic)
        except ParameterError:
            shares = Shares()
        return PublishedTraffic(
            challenger_share=str(shares.challenger),
            shadow_share=str(shares.shadow),
            challenger_version=look.challenger.version if look.challenger else None,
            problem=f"{problem}; Production answers everyone",
        )
