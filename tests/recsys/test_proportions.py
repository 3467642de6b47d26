"""Intervals of shares: against SciPy, and against the tables of the papers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from recsys.proportions import difference, trials_needed, wilson


@pytest.mark.parametrize(
    ("successes", "trials"), [(0, 1), (1, 1), (0, 10), (1, 29), (2, 10), (81, 263), (15, 148), (999, 1000)]
)
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_wilson_is_scipys(successes: int, trials: int, confidence: float) -> None:
    expected = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    assert wilson(successes, trials, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_everything_and_more_successes_than_trials_count_as_all() -> None:
    assert wilson(0, 0) == (0, 1)
    assert wilson(7, 5) == wilson(5, 5)


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_wilson_holds_the_share_and_stays_within_0_and_1(successes: int, trials: int) -> None:
    low, high = wilson(min(successes, trials), trials)
    assert 0 <= low <= min(successes, trials) / trials <= high <= 1


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe (1998), table II, method 10, of p1 - p2.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_difference_is_newcombes(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    found = difference((second[0], first[0]), (second[1], first[1]))
    assert found == pytest.approx((low, high), abs=5e-5)


def test_difference_without_trials_is_everything() -> None:
    assert difference((0, 1), (0, 5)) == (-1, 1)


def test_trials_needed_for_halves_are_those_of_the_textbook() -> None:
    # 10 % against 12 %, by hand: (1.960 + 0.842)**2 (0.10 0.90 + 0.12 0.88) / 0.02**2 = 3,838 in each group.
    needed = trials_needed((11_000, 11_000), (100_000, 100_000), 0.02)
    assert needed == pytest.approx(2 * 3838, rel=0.01)


def test_trials_needed_grow_as_the_share_gets_smaller_and_the_difference_too() -> None:
    halves = trials_needed((50, 50), (1000, 1000), 0.01)
    tenth = trials_needed((90, 10), (1800, 200), 0.01)
    assert tenth / halves == pytest.approx(0.25 / 0.09, rel=1e-3)
    assert trials_needed((50, 50), (1000, 1000), 0.02) == math.ceil(halves / 4)
    assert trials_needed((0, 0), (0, 0), 0.01) > 10_000, "of nothing, the worst is assumed"
    assert trials_needed((0, 0), (50, 50), 0.01) > 1000, "no click yet is not enough"
