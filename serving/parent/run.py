"""The parent process: workers that answer, and a thread that keeps the model up to date."""

import signal
import threading
import time
from pathlib import Path

from loguru import logger

from recsys.errors import ParameterError
from recsys.hidden import read_hidden
from recsys.settings import Settings
from serving.parent.announcement import Announcement
from serving.parent.checked_download import admitted_from_cache
from serving.parent.listener import address_of, allow_many_connections, listen
from serving.parent.registry_thread import Poller
from serving.parent.supervisor import Supervisor
from serving.shared.model_cache import ModelCache
from serving.shared.process_privacy import hide_from_same_user

SUPERVISE_SECONDS = 0.1
HEAD_START_SECONDS = 5.0
"""With a model in the cache, the sync leaves the processors to the starting workers for at most so long."""

EXIT_DONE, EXIT_FAILED = 0, 1


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT, and return the exit code: 0 when told to end, 1 when the workers cannot run.

    Raises
    ------
    ParameterError
        When the address cannot be listened on, the cache folder cannot be made, or signatures cannot be checked.
    DataError
        When the file of hidden movies cannot be read.
    """
    if settings.recommend.hidden:
        read_hidden(settings.recommend.hidden)  # said here, once, and not by every worker
    if settings.model.require_signature and settings.model.signing_key is None:
        raise ParameterError(
            "RECSYS_MODEL__REQUIRE_SIGNATURE is set, but no key to check signatures by; set RECSYS_MODEL__SIGNING_KEY"
        )
    hide_from_same_user()
    stop = _stop_signal()
    cache = ModelCache(settings.model.cache_dir, settings.model.name, settings.model.alias)
    _make_folder(cache.served)
    listener = listen(settings.api.host, settings.api.port)
    address = address_of(listener)
    allow_many_connections()
    cached = admitted_from_cache(cache, settings.model)
    supervisor = Supervisor(settings.n_workers, listener, settings.api.hang_seconds, on_harm=cache.ask_for_check)
    supervisor.start()
    head_start = time.monotonic() + (HEAD_START_SECONDS if cached else 0)
    poller = Poller(settings, cache, may_start=lambda: supervisor.ready or time.monotonic() > head_start)
    poller.start()
    try:
        return _supervise(supervisor, Announcement(settings, address, cache, lambda: poller.has_looked), stop)
    finally:
        logger.info("graceful shutdown: draining the requests in flight")
        poller.stop()
        supervisor.stop()
        logger.info("ended")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(f"cannot make {folder} ({error.strerror}); set RECSYS_MODEL__CACHE_DIR") from None


def _supervise(supervisor: Supervisor, announcement: Announcement, stop: threading.Event) -> int:
    while not stop.wait(SUPERVISE_SECONDS):
        supervisor.reap_and_respawn()
        if supervisor.crash_looping:
            logger.error("workers keep crashing at start-up; giving up; see the lines above")
            return EXIT_FAILED
        if supervisor.ready:
            announcement.make_if_due()
    return EXIT_DONE


def _stop_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
