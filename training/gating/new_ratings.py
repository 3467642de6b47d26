"""What the new ratings look like to Production: whether the same kind of people rate the same kind of movies.

Broken data that are added to good ones change no total much. They show in the new ratings alone: stars, whether people
lean towards popular movies as before, and whether Production, as it is registered, foretells one half of a user's new
ratings from the rest of the history better than popularity does. Where movies or users are mixed up it does not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from recsys.data.dataset import Dataset
from recsys.drift.measures import stability_index
from recsys.drift.profile import DataProfile
from recsys.evaluation.bootstrap import Interval
from recsys.evaluation.report import evaluate
from recsys.evaluation.scorer import PopularityScorer
from recsys.model import Recommender
from recsys.scorers import scorer_of
from recsys.splits import Split
from training.gating.contenders import MAX_USERS, interval_of
from training.gating.params import GateParams
from training.gating.translation import TranslatedScorer

REFERENCE_USERS = 200
"""At least so many users of Production's own data are the measure of what is usual."""


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
    gain
        By how much Production beats popularity on them in nDCG@10.
    usual_gain
        The same on Production's own ratings.
    """

    n_ratings: int
    n_users: int
    stars_shift: float
    popularity: float
    gain: Interval
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
    half = np.random.default_rng(params.seed).random(dataset.n_ratings) < 0.5
    usual = _of_some_users(old, n_users, params.seed)
    halves = [
        Split(dataset.part(known & ~(is_new & half)), dataset.part(known & is_new & half)),
        _halves(usual, params.seed),
    ]
    if any(parts.holdout.n_ratings == 0 or parts.train.n_ratings == 0 for parts in halves):
        return "too few ratings to halve"
    gains = [_gain(translated, PopularityScorer(popularity), parts, params) for parts in halves]
    return NewRatings(
        n_ratings=int(np.count_nonzero(is_new)),
        n_users=n_users,
        stars_shift=_stars_shift(dataset.part(is_new), profile),
        popularity=_lean(popularity, new),
        gain=gains[0],
        usual_gain=gains[1],
    )


def _halves(part: Dataset, seed: int) -> Split:
    """Return every user's ratings cut in two halves at random."""
    held_out = np.random.default_rng(seed).random(part.n_ratings) < 0.5
    return Split(part.part(~held_out), part.part(held_out))


def _of_some_users(part: Dataset, n_users: int, seed: int) -> Dataset:
    """Return the ratings of as many users as the new ratings have, drawn at random."""
    present = np.unique(part.user_indices)
    n_drawn = min(len(present), max(n_users, REFERENCE_USERS))
    drawn = np.random.default_rng(seed).choice(present, n_drawn, replace=False)
    chosen = np.zeros(part.n_users, dtype=np.bool_)
    chosen[drawn] = True
    return part.part(chosen[part.user_indices])


def _gain(scorer: TranslatedScorer, popular: PopularityScorer, parts: Split, params: GateParams) -> Interval:
    ours, theirs = (evaluate(scored, parts, max_users=MAX_USERS) for scored in (scorer, popular))
    return interval_of(ours.user_ndcg_at_10, theirs.user_ndcg_at_10, params)


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
