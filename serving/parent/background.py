"""The parent's second thread: what must never hold up a promotion, so it is apart from the sync."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from loguru import logger

from recsys.errors import RegistryError

TICK_SECONDS = 0.2
NICENESS = 10
"""The workers and the sync go first when processors are short."""


class Ledger(Protocol):
    """What a repair needs of the registry."""

    def repair(self, alias: str) -> None:
        """Complete what is not settled about an alias."""


class AliasRepairs:
    """Enters moves by others in the ledger once the sync has found one; the workers serve the version by then.

    Parameters
    ----------
    registry, alias
        What is repaired.
    unsettled
        Set by the sync.
    """

    def __init__(self, registry: Ledger, alias: str, unsettled: threading.Event) -> None:
        self._registry = registry
        self._alias = alias
        self._unsettled = unsettled
        self._warned_of = ""

    def look(self) -> None:
        """Repair if there is something to repair; what fails is tried again when the sync finds it again."""
        if not self._unsettled.is_set():
            return
        self._unsettled.clear()
        try:
            self._registry.repair(self._alias)
        except RegistryError as error:
            if str(error) != self._warned_of:
                self._warned_of = str(error)
                logger.warning("the ledger of {} is not up to date: {}", self._alias, error)


class Background:
    """Repairs of the alias, the Challenger, the list of versions, versions for comparison: one after the other.

    Parameters
    ----------
    looks
        Each gets its turn again and again.
    stopped
        Ends the thread.
    """

    def __init__(self, looks: Sequence[Callable[[], None]], stopped: threading.Event) -> None:
        self._looks = looks
        self._stopped = stopped

    def run(self) -> None:
        """Look for work until told to stop."""
        if sys.platform == "linux":  # elsewhere a thread has no priority of its own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while not self._stopped.wait(TICK_SECONDS):
            for look in self._looks:
                try:
                    look()
                except Exception as error:  # noqa: BLE001  the thread outlives whatever a library throws at it
                    if self._stopped.is_set():  # what it waited for has ended with the service
                        return
                    logger.opt(exception=error).error("background: unexpected {}", type(error).__name__)
