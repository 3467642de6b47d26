"""How far two distributions lie apart: stars, and the popularity of movies."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

LEAST_SHARE = 1e-4
"""Stands for a level that nobody has given, as the index is infinite without."""


def stability_index(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return the population stability index of two histograms: below 0.1 little has changed, above 0.25 much has.

    ``sum over levels of (after - before) * ln(after / before)``, of shares: the symmetrized Kullback-Leibler divergence
    (Siddiqi 2006, "Credit Risk Scorecards", ISBN 9780471754510). Two empty histograms give 0.
    """
    levels = sorted({*before, *after})
    shares = [np.array([counts.get(level, 0) for level in levels], dtype=np.float64) for counts in (before, after)]
    old, new = (np.maximum(share / max(1.0, share.sum()), LEAST_SHARE) for share in shares)
    return float(((new - old) * np.log(new / old)).sum())


def rank_correlation(before: NDArray[np.int64], after: NDArray[np.int64]) -> float | None:
    """Return Spearman's correlation of two counts of the same movies, ties sharing their mean rank.

    None where one of them is the same everywhere, or there are fewer than three movies: then it is not defined.
    """
    if len(before) < 3 or np.ptp(before) == 0 or np.ptp(after) == 0:
        return None
    return float(np.corrcoef(rankdata(before), rankdata(after))[0, 1])
