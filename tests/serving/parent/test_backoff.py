from serving.parent.backoff import LONGEST_WAIT, STABLE_SECONDS, Backoff


class Life:
    """Lives and deaths of one worker, on a clock that the test moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.backoff = Backoff(lambda: self.now)

    def live(self, seconds: float) -> float:
        """Start, live, die, and return how long the next start waits."""
        self.backoff.started()
        self.now += seconds
        waits = self.backoff.died()
        self.now += waits
        return waits


def test_backoff_first_death_is_made_up_for_at_once() -> None:
    assert Life().live(0.1) == 0


def test_backoff_crash_loop_waits_longer_and_longer() -> None:
    life = Life()
    assert [life.live(1) for _ in range(10)] == [0, 0.5, 1, 2, 4, 8, 16, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]


def test_backoff_stable_life_makes_the_next_death_the_first() -> None:
    life = Life()
    for _ in range(6):
        life.live(1)
    assert life.live(STABLE_SECONDS) == 0
    assert life.live(1) == 0.5
