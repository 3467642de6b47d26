from serving.shared.heartbeat import GAP_SECONDS, Watch


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
