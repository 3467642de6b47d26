"""Retraining by the clock: never two at once, and whatever happens to one run, the next comes."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from loguru import logger

from training.scheduling.cron import Cron

TICK_SECONDS = 1.0
"""How often the clock is read: one long wait would not notice that the clock was set or that the machine slept."""


class RetrainSchedule:
    """Calls a function whenever a cron expression fires, until it is stopped.

    Parameters
    ----------
    cron
        When.
    run
        Does the work and returns an exit code. An exception counts as a failure and is logged.
    """

    def __init__(self, cron: Cron, run: Callable[[], int], *, tick_seconds: float = TICK_SECONDS) -> None:
        self.cron = cron
        self.last = "none yet"
        self._run = run
        self._tick_seconds = tick_seconds
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, missed: datetime | None) -> None:
        """Start the clock; ``missed`` is a firing that nobody was there for, and is caught up on at once."""
        if missed is not None:
            logger.warning("the run due at {} was missed; catching up now", _text(missed))
        logger.info("next run: {}; last run: {}", _text(self.next), self.last)
        self._thread = threading.Thread(target=self._loop, args=(missed is not None, self.next), name="schedule")
        self._thread.start()

    def wait(self) -> None:
        """Return when the schedule has been stopped."""
        # A signal that comes just before an endless wait begins would be seen by Python only when that ends.
        while not self._stopped.wait(self._tick_seconds):
            pass

    def stop(self) -> None:
        """Stop the clock and let `wait` return; what runs is left to its owner."""
        self._stopped.set()

    def join(self) -> None:
        """Wait until nothing runs any more."""
        if self._thread is not None:
            self._thread.join()

    @property
    def next(self) -> datetime:
        """Return when it fires next."""
        return self.cron.next_after(_now())

    def _loop(self, at_once: bool, due: datetime) -> None:  # noqa: FBT001  the argument of a thread
        if at_once:
            self.run_once()
            due = self.next
        looked_at = _now()
        while not self._stopped.wait(self._tick_seconds):
            before, looked_at = looked_at, _now()
            if looked_at < before:
                # A clock that was years ahead, and was set right, would else let nothing run for years.
                due = min(due, self.next)
            if looked_at < due:
                continue
            # A machine that slept through several firings runs once when it wakes, however late that is.
            started = _now()
            self.run_once()
            if self.cron.next_after(started) <= _now():
                logger.warning("a run was due while the last one was still at work; it is left out")
            due = self.next

    def run_once(self) -> None:
        """Run now, and log how it went and when the next run is due."""
        started, began = _now(), time.monotonic()
        logger.info("retraining starts")
        try:
            code = self._run()
            how = "succeeded" if code == 0 else f"failed with exit code {code}"
        except Exception as error:  # noqa: BLE001  the next run has to come whatever goes wrong in this one
            code, how = 1, f"failed: {error}"
        seconds = time.monotonic() - began
        self.last = f"{_text(started)}, {how} after {seconds:.0f} s"
        if not self._stopped.is_set():
            logger.log("INFO" if code == 0 else "ERROR", "last run: {}; next run: {}", self.last, _text(self.next))


def missed_firing(cron: Cron, last_run: datetime | None, now: datetime) -> datetime | None:
    """Return the first firing after the last run that has passed without a run, None when none has.

    Where nothing has ever run there is nothing to retrain, and nothing was missed.
    """
    if last_run is None:
        return None
    due = cron.next_after(last_run + timedelta(seconds=1))
    return due if due <= now else None


def _now() -> datetime:
    return datetime.now().astimezone()


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
