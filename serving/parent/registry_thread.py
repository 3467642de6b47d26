"""The thread of the parent process that looks at the registry every few seconds."""

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from loguru import logger

from recsys.logs import take_over_logging
from recsys.settings import Settings
from serving.shared.model_cache import ModelCache
from serving.shared.sync_status import read_status, write_status

if TYPE_CHECKING:
    from serving.parent.follow_alias import Sync

TICK_SECONDS = 0.2
"""How soon a request to look at once is noticed."""

MLFLOW_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""A poller that asks again soon need not be as patient as MLflow is, and no one sees its progress bars."""


class Poller:
    """Looks at the registry in a thread of its own, while this host's lock on the cache is held.

    Parameters
    ----------
    settings
        Of the service.
    may_start
        Importing MLflow takes all of a core for seconds; it waits until this returns True.
    """

    def __init__(self, settings: Settings, cache: ModelCache, may_start: Callable[[], bool]) -> None:
        self.settings = settings
        self.cache = cache
        self._may_start = may_start
        self._sync: Sync | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it is not waited for, as it may hang in a call to a dead server."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._may_start():
            if self._stopped.wait(TICK_SECONDS):
                return
        request = self._requested()
        while not self._stopped.is_set():
            self._look(request)
            request = self._wait(request)

    def _look(self, request: int) -> None:
        try:
            if not self.cache.lock.acquire():
                logger.debug("another service on this host keeps {} up to date", self.cache.root)
                return
            if self._sync is None:
                self._sync = self._connect()
                self.cache.clear_leftovers()
                self._start_loader()
            answered = read_status(self.cache.status).answered_request
            status = self._sync.check(at_once=request > answered, request=request)
        except Exception as error:  # noqa: BLE001  the poller outlives whatever a library throws at it
            logger.opt(exception=error).error("sync: unexpected {}", type(error).__name__)
            status = read_status(self.cache.status).answering(request)
            status = status.checked(reachable=False, problem=f"{type(error).__name__}: {error}")
            write_status(self.cache.status, status)
        if not status.registry_reachable:
            # Another service that shares the cache may have a better connection.
            self.cache.lock.release()

    def _connect(self) -> "Sync":
        for name, value in MLFLOW_DEFAULTS.items():
            os.environ.setdefault(name, value)
        # These import MLflow and NumPy, which take seconds that the start of the workers needs more urgently.
        from recsys.registry import registry_of  # noqa: PLC0415
        from serving.parent.follow_alias import Sync  # noqa: PLC0415

        model = self.settings.model
        try:
            return Sync(registry_of(self.settings), model.alias, self.cache, model.poll_seconds)
        finally:
            take_over_logging(self.settings.logging.level)

    def _start_loader(self) -> None:
        from recsys.registry import registry_of  # noqa: PLC0415
        from serving.parent.comparison_loader import VersionLoader  # noqa: PLC0415

        model = self.settings.model
        loader = VersionLoader(registry_of(self.settings), self.cache, model.poll_seconds)
        threading.Thread(target=loader.run, args=(self._stopped,), name="versions", daemon=True).start()

    def _wait(self, request: int) -> int:
        until = time.monotonic() + self.settings.model.poll_seconds
        while time.monotonic() < until and not self._stopped.wait(TICK_SECONDS):
            if self._requested() > request:
                break
        return self._requested()

    def _requested(self) -> int:
        try:
            return self.cache.reload_request.stat().st_mtime_ns
        except OSError:
            return 0
