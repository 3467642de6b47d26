"""The schedule under a clock that the test controls."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import time_machine
from loguru import logger

from training.scheduling.cron import parse_cron
from training.scheduling.schedule import RetrainSchedule, missed_firing

SATURDAY_NIGHT = datetime(2026, 11, 28, 23, 59, 50, tzinfo=UTC)
SUNDAY_AT_TWO = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)


@pytest.fixture
def log():
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), format="{level} {message}")
    yield lines
    logger.remove(sink)


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(12_000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it does not happen")


class Clocked:
    """A started schedule, and a clock to move."""

    def __init__(self, clock: time_machine.Traveller, run: Callable[[], int], cron: str = "0 2 * * 0") -> None:
        self.clock = clock
        self.schedule = RetrainSchedule(parse_cron(cron, UTC), run, tick_seconds=0.01)

    def move_to(self, moment: datetime) -> None:
        self.clock.move_to(moment)
        time.sleep(0.1)


@pytest.fixture
def clocked():
    started: list[Clocked] = []
    with time_machine.travel(SATURDAY_NIGHT, tick=False) as clock:

        def start(run: Callable[[], int], cron: str = "0 2 * * 0", missed: datetime | None = None) -> Clocked:
            made = Clocked(clock, run, cron)
            made.schedule.start(missed)
            started.append(made)
            return made

        yield start
        for made in started:
            made.schedule.stop()
            made.schedule.join()


def test_schedule_fires_when_its_time_comes_and_not_before(clocked):
    runs: list[datetime] = []
    made = clocked(lambda: runs.append(datetime.now(UTC)) or 0)
    made.move_to(SUNDAY_AT_TWO - timedelta(seconds=1))
    assert runs == []
    made.move_to(SUNDAY_AT_TWO)
    wait_for(lambda: runs == [SUNDAY_AT_TWO])
    made.move_to(SUNDAY_AT_TWO + timedelta(days=7))
    wait_for(lambda: len(runs) == 2)


@pytest.mark.parametrize("ahead", [timedelta(days=1), timedelta(days=3650)])
def test_schedule_fires_at_its_time_after_a_clock_that_was_ahead_is_set_right(clocked, ahead):
    runs: list[datetime] = []
    made = clocked(lambda: runs.append(datetime.now(UTC)) or 0)
    made.move_to(SATURDAY_NIGHT + ahead)
    wait_for(lambda: len(runs) == 1)  # what was due by that clock
    made.move_to(SATURDAY_NIGHT)
    made.move_to(SUNDAY_AT_TWO)
    wait_for(lambda: runs[1:] == [SUNDAY_AT_TWO])


def test_schedule_started_while_the_clock_is_ahead_fires_at_its_time_once_that_is_set_right(clocked):
    runs: list[datetime] = []
    made = clocked(lambda: runs.append(datetime.now(UTC)) or 0, cron="0 2 * * 0")
    made.move_to(SATURDAY_NIGHT - timedelta(weeks=521))
    made.move_to(SUNDAY_AT_TWO - timedelta(weeks=521))
    wait_for(lambda: len(runs) == 1)


def test_schedule_run_during_which_the_clock_is_set_tells_how_long_it_took(clocked, log):
    made = clocked(lambda: made.clock.shift(timedelta(days=-1)) or 0)
    made.schedule.run_once()
    (line,) = [line for line in log if "last run: " in line and "succeeded after" in line]
    assert "after 0 s" in line


def test_schedule_failing_runs_are_logged_and_the_next_comes(clocked, log):
    codes = iter([1, RuntimeError("out of memory"), 0])

    def run() -> int:
        code = next(codes)
        if isinstance(code, Exception):
            raise code
        return code

    made = clocked(run)
    for week, words in enumerate(["failed with exit code 1", "failed: out of memory", "succeeded"]):
        made.move_to(SUNDAY_AT_TWO + timedelta(weeks=week))
        wait_for(lambda words=words: words in made.schedule.last)
        wait_for(lambda words=words: any(words in line for line in log))
    assert made.schedule.next == SUNDAY_AT_TWO + timedelta(weeks=3)
    assert any(line.startswith("ERROR last run") and "next run: 2026-12-06T02:00:00+00:00" in line for line in log)


def test_schedule_slow_run_is_never_overlapped(clocked, log):
    go_on, running, most = threading.Event(), [], []

    def run() -> int:
        running.append(1)
        most.append(len(running))
        go_on.wait(120)
        running.pop()
        return 0

    made = clocked(run)
    made.move_to(SUNDAY_AT_TWO)
    wait_for(lambda: most == [1])
    for week in (1, 2):
        made.move_to(SUNDAY_AT_TWO + timedelta(weeks=week))
    go_on.set()
    wait_for(lambda: any("still at work" in line for line in log))
    wait_for(lambda: not running)
    assert most == [1]
    later = count(3)

    def runs_again() -> bool:
        made.move_to(SUNDAY_AT_TWO + timedelta(weeks=next(later)))
        return most == [1, 1]

    wait_for(runs_again)


def test_schedule_slept_through_several_firings_runs_once(clocked):
    runs: list[datetime] = []
    made = clocked(lambda: runs.append(datetime.now(UTC)) or 0)
    made.move_to(SUNDAY_AT_TWO + timedelta(weeks=3, hours=5))
    wait_for(lambda: len(runs) == 1)
    time.sleep(0.1)
    assert len(runs) == 1
    assert made.schedule.next == SUNDAY_AT_TWO + timedelta(weeks=4)


def test_schedule_missed_run_is_made_up_for_at_once(clocked, log):
    runs: list[datetime] = []
    made = clocked(lambda: runs.append(datetime.now(UTC)) or 0, missed=SUNDAY_AT_TWO - timedelta(weeks=1))
    wait_for(lambda: len(runs) == 1)
    assert any("was missed; catching up now" in line for line in log)
    wait_for(lambda: made.schedule.next == SUNDAY_AT_TWO)


@pytest.mark.parametrize(
    ("last_run", "expected"),
    [
        pytest.param(None, None, id="nothing_was_ever_trained"),
        pytest.param(SUNDAY_AT_TWO + timedelta(minutes=1), None, id="ran_this_week"),
        pytest.param(SUNDAY_AT_TWO - timedelta(days=1), SUNDAY_AT_TWO, id="missed_one"),
        pytest.param(SUNDAY_AT_TWO - timedelta(days=15), SUNDAY_AT_TWO - timedelta(weeks=2), id="missed_three"),
    ],
)
def test_missed_firing(last_run, expected):
    now = SUNDAY_AT_TWO + timedelta(days=2)
    assert missed_firing(parse_cron("0 2 * * 0", UTC), last_run, now) == expected
