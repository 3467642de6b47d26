"""Retraining by the clock: never two at once, and whatever happens to one run, the next comes."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from loguru import logger

JOB = "retrain"


class RetrainSchedule:
    """Calls a function whenever a trigger fires, until it is stopped.

    Parameters
    ----------
    trigger
        When.
    run
        Does the work and returns an exit code. An exception counts as a failure and is logged.
    """

    def __init__(self, trigger: BaseTrigger, run: Callable[[], int]) -> None:
        self.trigger = trigger
        self.last = "none yet"
        self._run = run
        self._stopped = threading.Event()
        self.scheduler = BackgroundScheduler()
        self.scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)
        # A machine that slept through several firings runs once when it wakes, however late that is.
        defaults = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
        self._job = self.scheduler.add_job(self.run_once, trigger, id=JOB, name=JOB, **defaults)

    def start(self, missed: datetime | None) -> None:
        """Start the clock; ``missed`` is a firing that nobody was there for, and is made up for at once."""
        self.scheduler.start()
        if missed is not None:
            logger.warning("the run due at {} was missed; it is made up for now", _text(missed))
            self._job.modify(next_run_time=datetime.now(missed.tzinfo))
        logger.info("next run: {}; last run: {}", _text(self.next), self.last)

    def wait(self) -> None:
        """Return when the schedule has been stopped."""
        self._stopped.wait()

    def stop(self) -> None:
        """Stop the clock and let `wait` return; what runs is left to its owner."""
        self._stopped.set()

    def shut_down(self) -> None:
        """End the scheduler once nothing runs any more."""
        self.scheduler.shutdown(wait=True)

    @property
    def next(self) -> datetime | None:
        """Return when it fires next, None when never."""
        now = datetime.now().astimezone()
        # The job's own record is brought up to date only after its run has begun.
        found: datetime | None = self.trigger.get_next_fire_time(now, now)
        return found

    def run_once(self) -> None:
        """Run now, and log how it went and when the next run is due."""
        started = datetime.now().astimezone()
        logger.info("retraining starts")
        try:
            code = self._run()
            how = "succeeded" if code == 0 else f"failed with exit code {code}"
        except Exception as error:  # noqa: BLE001  the next run has to come whatever goes wrong in this one
            code, how = 1, f"failed: {error}"
        seconds = (datetime.now().astimezone() - started).total_seconds()
        self.last = f"{_text(started)}, {how} after {seconds:.0f} s"
        if not self._stopped.is_set():
            logger.log("INFO" if code == 0 else "ERROR", "last run: {}; next run: {}", self.last, _text(self.next))

    def _skipped(self, _event: JobSubmissionEvent) -> None:
        logger.warning("a run was due while the last one was still at work; it is left out")


def missed_firing(trigger: BaseTrigger, last_run: datetime | None, now: datetime) -> datetime | None:
    """Return the first firing after the last run that has passed without a run, None when none has.

    Where nothing has ever run there is nothing to retrain, and nothing was missed.
    """
    if last_run is None:
        return None
    due: datetime | None = trigger.get_next_fire_time(None, last_run + timedelta(seconds=1))
    return due if due is not None and due <= now else None


def _text(moment: datetime | None) -> str:
    return "never" if moment is None else moment.isoformat(timespec="seconds")
