"""Keeps the cache at the version that the registry's alias points to; serves on through every failure.

alias -> version -> download -> checksums -> one trial answer -> published for the workers
"""

import time
from dataclasses import dataclass, replace
from typing import Protocol

from loguru import logger

from recsys.errors import NotRegisteredError, RecsysError, RegistryError
from recsys.model_version import ModelVersion
from serving.parent.challenger import Challenger
from serving.parent.checked_download import Admission, Downloads, cached_version_of, ensure_cached
from serving.parent.look import Look
from serving.shared.cached_version import CachedVersion
from serving.shared.model_cache import ModelCache
from serving.shared.published_traffic import PublishedTraffic, read_challenger
from serving.shared.sync_status import SyncStatus, read_status, write_status

LONGEST_WAIT = 120.0
"""A version that was refused is tried again after 2, 4, 8 ... polls, at the latest after so many seconds."""


class Aliases(Downloads, Protocol):
    """What following an alias needs of the registry."""

    name: str

    def look(self, alias: str) -> Look:
        """Return what an alias stands for, and what the Challenger is to get of the traffic."""


@dataclass(frozen=True)
class Refusal:
    """A version that is not served, until it is tried again."""

    version: ModelVersion
    reason: str
    waits: float
    again_at: float


class Sync:
    """Looks at the registry, and publishes what its alias points to.

    Parameters
    ----------
    registry, alias
        Where to look.
    cache
        Where to publish; its lock has to be held.
    poll_seconds
        How often `check` will be called.
    admission
        What a candidate has to pass.
    """

    def __init__(
        self, registry: Aliases, alias: str, cache: ModelCache, poll_seconds: float, admission: Admission
    ) -> None:
        self.registry = registry
        self.alias = alias
        self.cache = cache
        self.poll_seconds = poll_seconds
        self.admission = admission
        self.challenger = Challenger(cache, admission)
        self._refusal: Refusal | None = None
        self._has_new_copy = False
        self.is_settled = True
        """Whether the last look has found nothing about the alias to repair; that is left to another thread."""

    def check(self, *, at_once: bool = False) -> SyncStatus:
        """Look once, publish if there is something new, write the outcome down and return it.

        Parameters
        ----------
        at_once
            Compare all checksums again, and try a refused version even when its time has not come.
        """
        before = read_status(self.cache.status)
        status = replace(before, poll_seconds=self.poll_seconds)
        if at_once:
            self._refusal = None
            self.challenger.forget_refusal()
            self.cache.forget_checks()
        harmed = self._harmed()
        self._drop_forged_challenger()
        self.is_settled = True
        try:
            status = self._follow_alias(status)
        except RegistryError as error:
            status = status.checked(reachable=isinstance(error, NotRegisteredError), problem=str(error))
        except (RecsysError, OSError) as error:
            status = status.checked(reachable=True, problem=f"{type(error).__name__}: {error}")
        if harmed:
            status = self._withdraw_if_still(harmed, status)
        if status.problem and status.problem != before.problem:
            logger.warning("sync: {}", status.problem)
        elif before.problem and not status.problem:
            logger.info("sync: recovered")
        write_status(self.cache.status, status)
        return status

    def _harmed(self) -> CachedVersion | None:
        """Return what is served when its files are not what was published; a look that reads only what was touched."""
        current = self.cache.current()
        if current is None or self._is_sound(current):
            return None
        logger.error("version {} in the cache has been altered or is incomplete; fetching it again", current.version)
        return current

    def _is_sound(self, cached: CachedVersion) -> bool:
        """Return whether the files are what the pointer says, and the pointer says what may be served.

        Whoever can write to the cache can alter both together; the signature tells, also while there is no registry.
        """
        return not self.admission.objection(cached) and self.cache.is_checked(cached)

    def _drop_forged_challenger(self) -> None:
        challenger = read_challenger(self.cache.pointer)
        if challenger is not None and (problem := self.admission.objection(challenger)):
            self.cache.drop_challenger(problem)

    def _withdraw_if_still(self, harmed: CachedVersion, status: SyncStatus) -> SyncStatus:
        """Serve nothing rather than what is known to be altered, when it could not be fetched again."""
        if self.cache.current() != harmed or self._is_sound(harmed):
            return status
        reason = f"version {harmed.version} in the cache has been altered or is incomplete, and cannot be fetched again"
        self.cache.withdraw(reason)
        return replace(status, problem=f"{reason}: {status.problem}" if status.problem else reason)

    def _follow_alias(self, status: SyncStatus) -> SyncStatus:
        look = self.registry.look(self.alias)
        self.is_settled = look.is_settled
        version, wanted, problem = look.version, None, None
        self._has_new_copy = False
        if version is None:
            problem = f"no version of {self.registry.name} has the alias {self.alias}; train or promote one"
            refused_version = None
        else:
            wanted, problem = self._admitted(version)
            refused_version = version.version if problem else None
        # What the Challenger gets follows the registry also where Production cannot.
        self._publish(wanted or self.cache.current(), look)
        return status.checked(reachable=True, problem=problem, refused_version=refused_version)

    def _admitted(self, version: ModelVersion) -> tuple[CachedVersion | None, str | None]:
        """Return where a version lies in the cache, or why it may not be served."""
        if self._refusal and self._refusal.version == version and time.monotonic() < self._refusal.again_at:
            return None, self._refusal.reason
        try:
            self.admission.check(version)
            wanted = cached_version_of(self.cache, version)
            smoke_test = self.admission.smoke_test
            self._has_new_copy = ensure_cached(self.registry, self.cache, version, wanted, smoke_test)
        except (RecsysError, OSError) as error:
            self._refuse(version, error)
            return None, str(error)
        self._refusal = None
        return wanted, None

    def _publish(self, wanted: CachedVersion | None, look: Look) -> None:
        """Let the pointer say what is served and what the Challenger gets of it, unless it says so already."""
        if wanted is None:
            return
        # The workers have to load a copy that was fetched again, though the version is the same.
        is_new = self._has_new_copy
        if self.challenger.has_new_copy.is_set():
            self.challenger.has_new_copy.clear()
            is_new = True
        traffic, before = self.challenger.traffic(look, wanted), self.cache.published()
        same = before and replace(before.version, published_at=wanted.published_at) == wanted
        if before and same and not is_new and _same_traffic(before.traffic, traffic):
            return
        self.cache.publish(before.version if before and same else wanted, traffic)
        if not same or self._has_new_copy:
            logger.info("version {} of {} is published", wanted.version, wanted.name)
        if traffic and not (before and _same_traffic(before.traffic, traffic)):
            _report(traffic)
        elif before and before.traffic and traffic is None:
            logger.info("the traffic of the Challenger has ended; Production answers everyone")

    def _refuse(self, version: ModelVersion, error: Exception) -> None:
        same = self._refusal and self._refusal.version == version
        waits = min(LONGEST_WAIT, self._refusal.waits * 2) if self._refusal and same else self.poll_seconds * 2
        self._refusal = Refusal(version, str(error), waits, time.monotonic() + waits)


def _same_traffic(before: PublishedTraffic | None, traffic: PublishedTraffic | None) -> bool:
    """Return whether two say the same, whenever the Challenger's place was worked out."""
    if before is None or traffic is None or before.challenger is None or traffic.challenger is None:
        return before == traffic
    place = replace(before.challenger, published_at=traffic.challenger.published_at)
    return replace(before, challenger=place) == traffic


def _report(traffic: PublishedTraffic) -> None:
    if traffic.problem:
        logger.warning("the traffic of the Challenger: {}", traffic.problem)
    else:
        shares = traffic.challenger_share, traffic.shadow_share
        logger.info("version {} answers {} of the callers and shadows {}", traffic.challenger_version, *shares)
