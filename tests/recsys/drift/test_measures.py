"""Measures of drift, against values worked out by hand and SciPy."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from recsys.drift.measures import rank_correlation, stability_index


def test_stability_index_by_hand() -> None:
    # (0.3 - 0.5) ln(0.3/0.5) + (0.7 - 0.5) ln(0.7/0.5)
    assert stability_index({"1": 50, "5": 50}, {"1": 3, "5": 7}) == pytest.approx(0.16946, abs=1e-5)


def test_stability_index_same_shares_is_zero_whatever_the_counts() -> None:
    assert stability_index({"1": 1, "2": 3}, {"1": 100, "2": 300}) == 0
    assert stability_index({}, {}) == 0


def test_stability_index_level_that_nobody_gives_any_more_is_large_but_finite() -> None:
    assert 5 < stability_index({"1": 10, "3": 80, "5": 10}, {"1": 100}) < 50


def test_rank_correlation_is_spearmans_with_ties() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.integers(0, 10, 200), rng.integers(0, 10, 200)
    assert rank_correlation(before, after) == pytest.approx(spearmanr(before, after).statistic)
    assert rank_correlation(before, before * 3 + 1) == pytest.approx(1)


@pytest.mark.parametrize("after", [[1, 1, 1], [2]])
def test_rank_correlation_of_constant_or_few_counts_is_not_defined(after: list[int]) -> None:
    assert rank_correlation(np.arange(len(after)), np.array(after)) is None
