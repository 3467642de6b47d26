import pytest

from serving.shared.heartbeat import BEAT_SECONDS, GAP_SECONDS, Watch


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def looking(clock: Clock, watch: Watch, seconds: int) -> None:
    """Let time pass while the observer looks once a second."""
    for _ in range(seconds):
        clock.now += 1
        watch.look()


def test_watch_silent_process_is_hung_after_the_limit() -> None:
    clock = Clock()
    watch = Watch(15, clock)
    looking(clock, watch, 15)
    assert not watch.is_hung(1000.0)
    looking(clock, watch, 1)
    assert watch.is_hung(1000.0)
    assert watch.silent_seconds(1000.0) == 16


def test_watch_beating_process_never_is() -> None:
    clock = Clock()
    watch = Watch(15, clock)
    for _ in range(100):
        looking(clock, watch, 1)
        assert not watch.is_hung(clock.now - 1)


def test_watch_observer_that_was_stopped_itself_waits_the_limit_again() -> None:
    clock = Clock()
    watch = Watch(15, clock)
    looking(clock, watch, 10)
    clock.now += 3600
    watch.look()
    assert not watch.is_hung(1010.0), "both may have slept for an hour"
    looking(clock, watch, 15)
    assert not watch.is_hung(1010.0)
    looking(clock, watch, 1)
    assert watch.is_hung(1010.0)


@pytest.mark.parametrize("limit", [3, 4, 6, 9, 15, 120])
@pytest.mark.parametrize("stopped_seconds", [0.5, 1.9, 2.1, 2.9, 3.1, 4.9, 5.1, 7, 14, 3600])
def test_watch_machine_that_was_stopped_for_any_time_has_hung_nobody(limit: int, stopped_seconds: float) -> None:
    clock = Clock()
    watch = Watch(limit, clock)
    looking(clock, watch, 10)
    heartbeat = clock.now - BEAT_SECONDS
    clock.now += stopped_seconds
    watch.look()
    assert not watch.is_hung(heartbeat)


def test_watch_short_gap_of_the_observer_changes_nothing() -> None:
    clock = Clock()
    watch = Watch(15, clock)
    for _ in range(4):
        clock.now += GAP_SECONDS
        watch.look()
    assert watch.is_hung(1000.0)


def test_watch_without_a_limit_never_finds_a_hang() -> None:
    clock = Clock()
    watch = Watch(0, clock)
    looking(clock, watch, 1000)
    assert not watch.is_hung(0.0)
