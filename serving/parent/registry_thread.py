"""The thread of the parent process that looks at the registry every few seconds."""

import threading
import time
from collections.abc import Callable

from loguru import logger

from recsys.settings import Settings
from serving.parent.background import AliasRepairs, Background
from serving.parent.checked_download import Admission, check_signature_of
from serving.parent.comparison_loader import VersionLoader
from serving.parent.follow_alias import Sync
from serving.parent.mlflow_process import MlflowProcess
from serving.parent.registry_client import RegistryClient
from serving.parent.smoke_test import SmokeTest
from serving.shared.model_cache import ModelCache
from serving.shared.sync_status import SyncStatus, read_status, write_status

TICK_SECONDS = 0.2
"""How soon a request to look at once is noticed."""


class Poller:
    """Looks at the registry in a thread of its own, while this host's lock on the cache is held.

    Parameters
    ----------
    settings
        Of the service.
    cache
        Where it publishes.
    may_start
        Importing MLflow takes all of a core for seconds; it waits until this returns True.
    """

    def __init__(self, settings: Settings, cache: ModelCache, may_start: Callable[[], bool]) -> None:
        self.settings = settings
        self.cache = cache
        self._may_start = may_start
        self._process = MlflowProcess(settings)
        self._sync: Sync | None = None
        self._stopped = threading.Event()
        self._looked = threading.Event()
        self._unsettled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    @property
    def has_looked(self) -> bool:
        """Return whether the first look has ended, whatever came of it."""
        return self._looked.is_set()

    def stop(self) -> None:
        """Ask the thread to end, and end the child processes that it may wait for."""
        self._stopped.set()
        self._process.stop()

    def _run(self) -> None:
        while not self._may_start():
            if self._stopped.wait(TICK_SECONDS):
                return
        while not self._stopped.is_set():
            self._look()
            self._looked.set()
            self._wait()

    def _look(self) -> None:
        requests = self.cache.requests.pending()
        try:
            if not self.cache.lock.acquire():
                logger.debug("another service on this host keeps {} up to date", self.cache.root)
                return
            if self._sync is None:
                self._sync = self._connected()
                self.cache.clear_leftovers()
                self._start_background(self._sync)
            self._sync.challenger.changed.clear()
            status = self._sync.check(at_once=bool(requests))
            if not self._sync.is_settled:
                self._unsettled.set()
        except OSError as error:
            status = self._failed(f"the model cache cannot be used: {error}")
        except Exception as error:  # noqa: BLE001  the poller outlives whatever a library throws at it
            if self._stopped.is_set():
                return
            logger.opt(exception=error).error("sync: unexpected {}", type(error).__name__)
            status = self._failed(f"{type(error).__name__}: {error}")
        try:
            self.cache.requests.answered(requests)
        except OSError as error:
            logger.warning("requests for a look cannot be removed: {}", error)
        if not status.registry_reachable:
            # Another service that shares the cache may have a better connection.
            self.cache.lock.release()

    def _failed(self, problem: str) -> SyncStatus:
        """Return the status of a look that came to nothing, after it has been written down and logged once."""
        before = read_status(self.cache.status)
        if problem != before.problem:
            logger.warning("sync: {}", problem)
        status = before.checked(reachable=False, problem=problem)
        write_status(self.cache.status, status)
        return status

    def _connected(self) -> Sync:
        model = self.settings.model
        registry = RegistryClient(self.settings, self._process)
        return Sync(registry, model.alias, self.cache, model.poll_seconds, self._admission())

    def _admission(self) -> Admission:
        # Here, as it imports NumPy, which takes time that the start of the workers needs more urgently.
        from recsys.signatures import Signatures  # noqa: PLC0415

        model = self.settings.model
        return Admission(SmokeTest(self._process), Signatures.of(model).check, check_signature_of(model))

    def _start_background(self, sync: Sync) -> None:
        registry = RegistryClient(self.settings, self._process)
        loader = VersionLoader(registry, self.cache, self.settings.model.poll_seconds, self._admission())
        repairs = AliasRepairs(registry, self.settings.model.alias, self._unsettled)
        looks = (repairs.look, lambda: sync.challenger.fetch(registry), loader.look)
        background = Background(looks, self._stopped)
        threading.Thread(target=background.run, name="versions", daemon=True).start()

    def _wait(self) -> None:
        until = time.monotonic() + self.settings.model.poll_seconds
        while time.monotonic() < until and not self._stopped.wait(TICK_SECONDS):
            if self.cache.requests.pending() or (self._sync and self._sync.challenger.changed.is_set()):
                return
