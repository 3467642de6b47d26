"""The paired bootstrap, which tells whether one ranking beats another for these users or chance does."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.errors import ParameterError

MAX_GROUPS = 10_000
"""More users than so many are drawn in groups."""
_DRAWS_AT_ONCE = 2_000_000
"""Bounds memory to some 32 MB, whatever the number of users."""


@dataclass(frozen=True)
class Interval:
    """The mean difference (candidate - baseline) and its confidence interval.

    Attributes
    ----------
    mean
        Mean difference over the users.
    lower, upper
        Ends of the two-sided interval: below and above it lies ``(1 - confidence) / 2`` each.
    confidence
        Between 0 and 1.
    n_users, n_resamples
        What it rests on.
    """

    mean: float
    lower: float
    upper: float
    confidence: float
    n_users: int
    n_resamples: int


def paired_bootstrap(
    candidate: NDArray[np.float64],
    baseline: NDArray[np.float64],
    *,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    rng: np.random.Generator,
) -> Interval:
    """Return the interval of the mean difference between two rankings, by the percentile method.

    Users are drawn with replacement, both values of a user together: the differences between users, far larger than
    those between rankings, cancel out. Sakai 2006, DOI 10.1145/1148170.1148261.

    Parameters
    ----------
    candidate, baseline
        float64, (n_users,), a metric of the same users in the same order, no NaN.
    n_resamples
        How often as many users as there are, are drawn.
    confidence
        Between 0 and 1, both excluded.
    rng
        Where the draws come from.

    Raises
    ------
    ParameterError
        No user, arrays of different shape, a NaN, or a parameter out of range.
    """
    _check(candidate, baseline, n_resamples, confidence)
    means = _resampled_means(np.asarray(candidate, dtype=np.float64) - baseline, n_resamples, rng)
    tail = (1 - confidence) / 2
    lower, upper = np.quantile(means, (tail, 1 - tail))
    return Interval(
        mean=float(np.mean(candidate - baseline)),
        lower=float(lower),
        upper=float(upper),
        confidence=confidence,
        n_users=len(candidate),
        n_resamples=n_resamples,
    )


def _resampled_means(
    differences: NDArray[np.float64], n_resamples: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the mean of each resample, float64, (n_resamples,).

    Many users are dealt by chance to groups, which are drawn instead: their means spread as those of users do, and a
    draw takes no longer for more users.
    """
    n_groups = min(len(differences), MAX_GROUPS)
    group_of = np.arange(len(differences)) % n_groups
    dealt = differences if n_groups == len(differences) else rng.permutation(differences)
    sums, sizes = np.bincount(group_of, dealt), np.bincount(group_of)
    n_at_once = max(1, _DRAWS_AT_ONCE // n_groups)
    means = np.empty(n_resamples)
    for start in range(0, n_resamples, n_at_once):
        block = means[start : start + n_at_once]
        drawn = rng.integers(n_groups, size=(len(block), n_groups))
        block[:] = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    return means


def _check(candidate: NDArray[np.float64], baseline: NDArray[np.float64], n_resamples: int, confidence: float) -> None:
    if candidate.shape != baseline.shape or candidate.ndim != 1:
        raise ParameterError(
            f"candidate {candidate.shape} and baseline {baseline.shape} differ in shape; evaluate both on one split"
        )
    if len(candidate) == 0:
        raise ParameterError("there is no user to compare on; evaluate on a holdout that has some")
    if np.isnan(candidate).any() or np.isnan(baseline).any():
        raise ParameterError("a user's metric is NaN; leave out users without a relevant movie")
    if n_resamples < 1 or not 0 < confidence < 1:
        raise ParameterError(
            f"n_resamples must be at least 1 (is {n_resamples}), confidence between 0 and 1 (is {confidence:g})"
        )
