"""What is popular lately: ratings fade with the number of later ones, so that no unit of time has to be chosen."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from recsys.data.dataset import Dataset

HALF_LIFE = 0.1
"""A rating weighs half as much once this share of all ratings has been given after it. Chosen on windows in time of the
training ratings of MovieLens 100K by ``python -m benchmarks histories``; from 0.05 to 0.2 it matters little."""
FEW_RATINGS = 100
"""So many tell what is popular, but not when: with fewer, every rating weighs alike."""
MAX_RECENCY = 2.0
MAX_MOMENTS = 4_000_000
"""Up to so many ratings each second counts by itself; of 25 million in 20 years those of three minutes are one."""


@dataclass(frozen=True, eq=False)
class RecentPopularity:
    """How many of the recent users have rated each movie.

    Attributes
    ----------
    shares
        float32, (n_items,), in [0, 1]: the share of recent users who have rated the movie.
    n_users
        The number of recent users, each counted by the weight of the user's last rating.
    """

    shares: NDArray[np.float32]
    n_users: float


def recent_popularity(dataset: "Dataset", *, half_life: float = HALF_LIFE) -> RecentPopularity:
    """Return what recent users have rated, every rating weighed by ``0.5 ^ (later / (half_life n_ratings))``.

    ``later`` is the number of ratings with a later time; ratings of one second weigh alike, so a dataset without times
    gives the popularity of all time. Without any rating all shares are zero.
    """
    step = moment_step(dataset.n_ratings, *dataset.time_range)
    if step == 1:
        moments, n_ratings = np.unique(dataset.timestamps, return_counts=True)
    else:
        n_ratings = np.bincount((dataset.timestamps - dataset.time_range[0]) // step)
        moments = dataset.time_range[0] + step * np.arange(len(n_ratings))
    return from_faded(*faded(dataset, moments, step, fading_weights(n_ratings, half_life=half_life)))


def moment_step(n_ratings: int, oldest: int, newest: int) -> int:
    """Return how many seconds weigh alike: one, and in many ratings as many as leave `MAX_MOMENTS` moments."""
    return 1 if n_ratings <= MAX_MOMENTS else (newest - oldest) // MAX_MOMENTS + 1


def fading_weights(n_ratings: NDArray[np.int64], *, half_life: float = HALF_LIFE) -> NDArray[np.float64]:
    """Return what a rating of each moment weighs, float64, given how many there are of each, in order of time."""
    total = int(n_ratings.sum())
    fading = half_life * total if total >= FEW_RATINGS else np.inf
    weights: NDArray[np.float64] = 0.5 ** ((total - np.cumsum(n_ratings)) / fading)
    return weights


def faded(
    dataset: "Dataset", moments: NDArray[np.int64], step: int, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Return the faded ratings of each movie, float64, (n_items,), and the number of recent users; both add up.

    Parameters
    ----------
    dataset
        All ratings, or those of some users.
    moments, weights
        Times from which on a rating weighs so much, int64 and float64, ascending, over the ratings of all users.
    step
        Seconds between any two moments, 1 where they are where ratings are.
    """
    if dataset.n_ratings == 0:
        return np.zeros(dataset.n_items), 0.0
    times = dataset.timestamps
    places = moments.searchsorted(times) if step == 1 else (times - moments[0]) // step
    of_rating = weights[places]
    starts = np.flatnonzero(np.diff(dataset.user_indices, prepend=-1))
    counts: NDArray[np.float64] = np.bincount(dataset.item_indices, of_rating, minlength=dataset.n_items).astype(float)
    return counts, float(np.maximum.reduceat(of_rating, starts).sum())


def from_faded(counts: NDArray[np.float64], n_users: float) -> RecentPopularity:
    """Return what recent users have rated from the sums of `faded`."""
    return RecentPopularity((counts / max(n_users, 1e-9)).astype(np.float32), n_users)


def all_time_popularity(popularity: NDArray[np.int64], n_users: int) -> RecentPopularity:
    """Return popularity of all time in the same terms, for models that know no times."""
    return RecentPopularity((popularity / max(n_users, 1)).astype(np.float32), float(n_users))


def trend(popularity: NDArray[np.int64], recent: RecentPopularity) -> NDArray[np.float32]:
    """Return how much more often each movie is rated lately than ever, float32, (n_items,), around 1.

    ``(recent_j + 1) / (expected_j + 1)``, where ``expected`` is the movie's share of all ratings times the weight of
    all recent ones. A movie without ratings has 1.
    """
    counts = recent.shares.astype(np.float64) * recent.n_users
    expected = popularity * (counts.sum() / max(int(popularity.sum()), 1))
    ratio: NDArray[np.float32] = ((counts + 1) / (expected + 1)).astype(np.float32)
    return ratio


def apply_factors(scores: NDArray[np.float32], factors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return scores, (..., n_items), raised by positive factors, (n_items,): negative ones are divided by theirs."""
    raised: NDArray[np.float32] = np.where(scores > 0, scores * factors, scores / factors)
    return raised
