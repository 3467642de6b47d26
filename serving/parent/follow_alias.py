"""Keeps the cache at the version that the registry's alias points to; serves on through every failure.

alias -> version -> download -> checksums -> one trial answer -> published for the workers
"""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loguru import logger

from recsys.errors import RecsysError, RegistryError
from serving.parent.checked_download import cached_version_of, ensure_cached
from serving.shared.model_cache import ModelCache
from serving.shared.sync_status import SyncStatus, read_status, write_status

if TYPE_CHECKING:
    from recsys.alias.move import AliasState
    from recsys.registry import ModelVersion, Registry

LONGEST_WAIT = 120.0
"""A version that was refused is tried again after 2, 4, 8 ... polls, at the latest after so many seconds."""


@dataclass(frozen=True)
class Refusal:
    """A version that is not served, until it is tried again."""

    version: "ModelVersion"
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
    """

    def __init__(self, registry: "Registry", alias: str, cache: ModelCache, poll_seconds: float) -> None:
        self.registry = registry
        self.alias = alias
        self.cache = cache
        self.poll_seconds = poll_seconds
        self._refusal: Refusal | None = None

    def check(self, *, at_once: bool = False, request: int = 0) -> SyncStatus:
        """Look once, publish if there is something new, write the outcome down and return it.

        Parameters
        ----------
        at_once
            Try a refused version again even when its time has not come.
        request
            Stamp of the request that this look answers.
        """
        before = read_status(self.cache.status)
        status = replace(before.answering(request), poll_seconds=self.poll_seconds)
        if at_once:
            self._refusal = None
        try:
            status = self._follow_alias(status)
        except RegistryError as error:
            status = status.checked(reachable=_answers(error), problem=str(error))
        except (RecsysError, OSError) as error:
            status = status.checked(reachable=True, problem=f"{type(error).__name__}: {error}")
        if status.problem and status.problem != before.problem:
            logger.warning("sync: {}", status.problem)
        elif before.problem and not status.problem:
            logger.info("sync: recovered")
        write_status(self.cache.status, status)
        return status

    def _follow_alias(self, status: SyncStatus) -> SyncStatus:
        state = self.registry.alias_state(self.alias)
        status = self._publish_current(state, status)
        # After publishing: the workers wait for the version, nobody waits for the ledger.
        self.registry.repair(state)
        return status

    def _publish_current(self, state: "AliasState", status: SyncStatus) -> SyncStatus:
        if state.current is None:
            problem = f"no version of {self.registry.name} has the alias {self.alias}; train or promote one"
            return status.checked(reachable=True, problem=problem)
        version = self.registry.version(state.current)
        if self._refusal and self._refusal.version == version and time.monotonic() < self._refusal.again_at:
            return status.checked(reachable=True, problem=self._refusal.reason, refused_version=version.version)
        try:
            self._bring(version)
        except (RecsysError, OSError) as error:
            self._refuse(version, error)
            return status.checked(reachable=True, problem=str(error), refused_version=version.version)
        self._refusal = None
        return status.checked(reachable=True)

    def _bring(self, version: "ModelVersion") -> None:
        wanted, current = cached_version_of(self.cache, version), self.cache.current()
        same = current and replace(current, published_at=wanted.published_at) == wanted
        if same and self.cache.is_present(wanted):
            return
        ensure_cached(self.registry, self.cache, version, wanted)
        self.cache.publish(wanted)
        logger.info("version {} of {} is published", version.version, version.name)

    def _refuse(self, version: "ModelVersion", error: Exception) -> None:
        same = self._refusal and self._refusal.version == version
        waits = min(LONGEST_WAIT, self._refusal.waits * 2) if self._refusal and same else self.poll_seconds * 2
        self._refusal = Refusal(version, str(error), waits, time.monotonic() + waits)


def _answers(error: RegistryError) -> bool:
    """Return whether the registry did answer, only that it does not hold what was asked for."""
    return getattr(error.__cause__, "error_code", None) == "RESOURCE_DOES_NOT_EXIST"
