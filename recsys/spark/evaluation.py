"""Evaluation in partitions: every partition judges its own users, the driver joins what is known of each."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pyspark import RDD, Broadcast

from recsys.catalog import MIN_STARS
from recsys.data.dataset import Dataset
from recsys.errors import DataError, ParameterError
from recsys.evaluation.judged import HEADLINE_CUTOFF, Judged, joined, judge
from recsys.evaluation.report import CUTOFFS, SAMPLE_SEED, Evaluation, summarized
from recsys.evaluation.scorer import Scorer
from recsys.pair_hash import pair_uniform
from recsys.spark.ratings import SparkRatings
from recsys.splits import Split, SplitParams, check_sides, held_out

LOCAL_STRATEGIES = ("hash", "leave-last-out")
"""Splits that need to know no other user's ratings."""


@dataclass(frozen=True, eq=False)
class SparkSplit:
    """A split of ratings in partitions.

    Attributes
    ----------
    whole
        All ratings.
    train, holdout
        The two parts, over the same users and movies.
    params
        How they are divided.
    """

    whole: SparkRatings
    train: SparkRatings
    holdout: SparkRatings
    params: SplitParams

    @property
    def splits(self) -> "RDD[Split]":
        """Return the split of each partition's users."""
        return self.whole.datasets.map(partial(_split, params=self.params))


def split(ratings: SparkRatings, params: SplitParams) -> SparkSplit:
    """Return the training part and the holdout part of ratings; the same as on one machine.

    Raises
    ------
    ParameterError
        For a split that has to look at the ratings of all users together.
    DataError
        When one of the two parts would hold no rating, or a split by time finds no times.
    """
    check_split(params)
    if params.strategy == "leave-last-out" and not any(ratings.time_range):
        raise DataError(f"{ratings.name} has no times, which the {params.strategy} split needs; use the hash split")
    parts = SparkSplit(
        ratings, ratings.part(partial(_kept, params=params)), ratings.part(partial(held_out, params=params)), params
    )
    check_sides(ratings.name, parts.train.n_ratings, parts.holdout.n_ratings, params)
    return parts


def check_split(params: SplitParams) -> None:
    """Raise a `ParameterError` for a split that no partition can make by itself."""
    if params.strategy not in LOCAL_STRATEGIES:
        raise ParameterError(
            f"the {params.strategy} split ranks the ratings of all users together; with --engine spark use "
            f"--split {' or '.join(LOCAL_STRATEGIES)}"
        )


def evaluate(scorer: Scorer, parts: SparkSplit, *, max_users: int | None = None) -> Evaluation:
    """Return the quality of a scorer's top lists on the holdout, as `recsys.evaluation.report.evaluate` does.

    The scorer is sent to the workers. What comes back is some 500 bytes for each evaluated user.
    """
    limit = None if max_users is None else _largest_draw(parts, max_users)
    counts = parts.splits.map(lambda one: len(_evaluated(one, limit))).collect()
    first_rows = np.concatenate(([0], np.cumsum(counts)))
    context = parts.whole.blocks.context
    sent = context.broadcast(scorer)
    popularity = context.broadcast(parts.train.popularity)
    judging = partial(
        _judged, scorer=sent, popularity=popularity, limit=limit, first_rows=first_rows, places=parts.whole.first_rows
    )
    try:
        judged = joined(parts.splits.mapPartitionsWithIndex(judging).collect())
    finally:
        sent.destroy()
        popularity.destroy()
    train = parts.train
    return summarized(judged, train.catalog, train.popularity, train.totals.n_with_rating)


def _split(dataset: Dataset, params: SplitParams) -> Split:
    chosen = held_out(dataset, params)
    return Split(train=dataset.part(~chosen), holdout=dataset.part(chosen))


def _kept(dataset: Dataset, params: SplitParams) -> NDArray[np.bool_]:
    return ~held_out(dataset, params)


def _largest_draw(parts: SparkSplit, max_users: int) -> float | None:
    """Return the largest number that a user of the fixed sample has drawn, None where all users are in it."""
    smallest = np.concatenate(parts.splits.map(partial(_smallest_draws, n=max_users + 1)).collect())
    return None if len(smallest) <= max_users else float(np.sort(smallest)[max_users - 1])


def _smallest_draws(one: Split, n: int) -> NDArray[np.float64]:
    drawn = _draws(one, _evaluated(one, None))
    return np.sort(drawn)[:n]


def _draws(one: Split, user_indices: NDArray[np.int64]) -> NDArray[np.float64]:
    return pair_uniform(SAMPLE_SEED, one.holdout.user_ids[user_indices], np.zeros_like(user_indices))


def _evaluated(one: Split, limit: float | None) -> NDArray[np.int64]:
    """Return the users with a relevant movie in the holdout, those of the sample where there is one, int64."""
    user_indices = np.flatnonzero(np.bincount(one.holdout.user_indices, minlength=one.holdout.n_users))
    return user_indices if limit is None else user_indices[_draws(one, user_indices) <= limit]


def _judged(
    index: int,
    splits: Iterator[Split],
    *,
    scorer: "Broadcast[Scorer]",
    popularity: "Broadcast[NDArray[np.int64]]",
    limit: float | None,
    first_rows: NDArray[np.int64],
    places: list[int],
) -> Iterator[Judged]:
    for one in splits:
        judged = judge(
            scorer.value,
            one,
            _evaluated(one, limit),
            popularity=popularity.value,
            relevant_stars=MIN_STARS,
            top_k=max(*CUTOFFS, HEADLINE_CUTOFF),
            first_row=int(first_rows[index]),
            n_all_users=int(first_rows[-1]),
        )
        yield judged.moved(places[index])
