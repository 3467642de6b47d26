"""What the new ratings look like to Production: whether the same kind of people rate the same kind of movies.

Broken data that are added to good ones change no total much. They show in the new ratings alone: stars, whether people
lean towards popular movies as before, and whether Production, as it is registered, foretells one half of a user's new
ratings from the rest of the history better than popularity does. Where movies or users are mixed up it does not.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from recsys.data.dataset import Dataset
from recsys.drift.measures import stability_index
from recsys.drift.profile import DataProfile, copied_users
from recsys.evaluation.bootstrap import Interval
from recsys.evaluation.report import evaluate
from recsys.evaluation.scorer import PopularityScorer
from recsys.model import Recommender
from recsys.scorers import scorer_of
from recsys.splits import Split
from training.gating.contenders import MAX_USERS, interval_of
from training.gating.params import GateParams
from training.gating.translation import TranslatedScorer

REFERENCE_USERS = 500
"""So many users of Production's own data, drawn at random, are the measure of what is usual."""


@dataclass(frozen=True)
class NewRatings:
    """What the new ratings look like.

    Attributes
    ----------
    n_ratings, n_users
        How many there are, and of how many users.
    stars_shift
        Population stability index of their stars, averaged over users, against Production's.
    popularity
        How much of the lean of Production's ratings towards popular movies they have: 1 for all, 0 for none.
    copied_users
        Share of the users whose new ratings are those of another user as well.
    ndcg
        Production's nDCG@10 on them, with the interval of its mean over users.
    gain
        By how much it beats popularity there.
    usual_ndcg, usual_gain
        The same on as many ratings of each of Production's own users.
    """

    n_ratings: int
    n_users: int
    stars_shift: float
    popularity: float
    copied_users: float
    ndcg: Interval
    gain: Interval
    usual_ndcg: Interval
    usual_gain: Interval


def look_at_new_ratings(
    production: Recommender, profile: DataProfile, dataset: Dataset, params: GateParams
) -> NewRatings | str:
    """Return what the new ratings look like, or in one sentence why that cannot be told.

    Parameters
    ----------
    production
        As it is registered.
    profile
        Of its data.
    dataset
        The candidate's data.
    """
    columns = production.catalog.find(dataset.catalog.movie_ids)
    known = columns[dataset.item_indices] >= 0
    is_new = dataset.timestamps > profile.newest
    new, old = dataset.part(is_new & known), dataset.part(~is_new & known)
    n_users = len(np.unique(new.user_indices))
    if n_users < params.min_users:
        return (
            f"{n_users} users have new ratings of movies that Production knows, at least {params.min_users} are wanted"
        )
    popularity = np.where(columns >= 0, production.popularity[np.maximum(columns, 0)], 0)
    translated = TranslatedScorer(scorer_of(production), production.catalog, dataset.catalog)
    rng = np.random.default_rng(params.seed)
    usual = _as_many_of_each(old, np.bincount(new.user_indices, minlength=new.n_users), rng)
    held_out = is_new & known & (rng.random(dataset.n_ratings) < 0.5)
    halved = rng.random(usual.n_ratings) < 0.5
    halves = (
        Split(dataset.part(known & ~held_out), dataset.part(held_out)),
        Split(usual.part(~halved), usual.part(halved)),
    )
    if any(parts.holdout.n_ratings == 0 or parts.train.n_ratings == 0 for parts in halves):
        return "too few ratings to halve"
    now, before = (_foretold(translated, PopularityScorer(popularity), parts, params) for parts in halves)
    return NewRatings(
        n_ratings=int(np.count_nonzero(is_new)),
        n_users=n_users,
        stars_shift=_stars_shift(dataset.part(is_new), profile),
        popularity=_lean(popularity, new),
        copied_users=copied_users(new),
        ndcg=now.ndcg,
        gain=now.gain,
        usual_ndcg=before.ndcg,
        usual_gain=before.gain,
    )


def _as_many_of_each(old: Dataset, n_new: NDArray[np.int64], rng: np.random.Generator) -> Dataset:
    """Return ratings of users drawn at random, thinned to as many of each as new users have given.

    Of a hundred held-out ratings more are hit than of ten, so only equal numbers can be compared.

    Parameters
    ----------
    n_new
        int64, (n_users,), the new ratings of each user; users without any do not count.
    """
    present = np.unique(old.user_indices)
    drawn = rng.choice(present, min(len(present), REFERENCE_USERS), replace=False)
    wanted = np.zeros(old.n_users, dtype=np.int64)
    wanted[drawn] = rng.choice(n_new[n_new > 0], len(drawn))
    # Ratings are sorted by user: shuffled within each, their places tell which to keep.
    order = np.lexsort((rng.random(old.n_ratings), old.user_indices))
    starts = np.searchsorted(old.user_indices, np.arange(old.n_users))
    place = np.arange(old.n_ratings) - starts[old.user_indices]
    chosen = np.zeros(old.n_ratings, dtype=np.bool_)
    chosen[order[place < wanted[old.user_indices]]] = True
    return old.part(chosen)


class _Foretold(NamedTuple):
    ndcg: Interval
    gain: Interval


def _foretold(scorer: TranslatedScorer, popular: PopularityScorer, parts: Split, params: GateParams) -> _Foretold:
    ours, theirs = (evaluate(scored, parts, max_users=MAX_USERS).user_ndcg_at_10 for scored in (scorer, popular))
    return _Foretold(interval_of(ours, np.zeros_like(ours), params), interval_of(ours, theirs, params))


def _stars_shift(new: Dataset, profile: DataProfile) -> float:
    """Return the shift of the stars, each user counting alike: in a week one busy user may give most of the ratings."""
    levels, which = np.unique(new.ratings, return_inverse=True)
    per_user = np.bincount(new.user_indices, minlength=new.n_users)
    weights = 1 / per_user[new.user_indices]
    shares = np.bincount(which, weights=weights, minlength=len(levels))
    return stability_index(profile.stars, {f"{level:g}": share for level, share in zip(levels, shares, strict=True)})


def _lean(popularity: NDArray[np.int64], new: Dataset) -> float:
    """Return how far new ratings lie above the middle of the movies by popularity, Production's own being 1."""
    heights = rankdata(popularity) / len(popularity) - 0.5
    usual = float(np.average(heights, weights=popularity))
    return float(heights[new.item_indices].mean() / usual) if usual > 0 else 1.0
