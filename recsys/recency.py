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
    times = dataset.timestamps
    later = len(times) - np.sort(times).searchsorted(times, side="right")
    fading = half_life * len(times) if len(times) >= FEW_RATINGS else np.inf
    weights = 0.5 ** (later / fading)
    of_user = np.zeros(dataset.n_users)
    np.maximum.at(of_user, dataset.user_indices, weights)
    n_users = float(of_user.sum())
    counts = np.bincount(dataset.item_indices, weights, minlength=dataset.n_items)
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
