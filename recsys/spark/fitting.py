"""Models and profiles from ratings in partitions."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from pyspark import RDD, Broadcast

from recsys.data.dataset import Dataset
from recsys.drift.profile import DataProfile, profile_from
from recsys.drift.profile_counts import counts_of, joined_profile_counts
from recsys.errors import ParameterError
from recsys.fitting import Recipe, recommender_of
from recsys.methods import get_method, method_names
from recsys.model import Recommender
from recsys.recency import RecentPopularity, faded, fading_weights, from_faded, moment_step
from recsys.spark.ratings import SparkRatings
from recsys.spark.source import SparkSource


def recommender(recipe: Recipe, ratings: SparkRatings) -> Recommender:
    """Return the model that serves what a method learns from ratings in partitions.

    Raises
    ------
    ParameterError
        When the method has to have all ratings in one place.
    """
    check_method(recipe.method)
    fit_source = get_method(recipe.method).fit_source
    assert fit_source is not None  # noqa: S101 - checked above
    fitted = fit_source(SparkSource(ratings), ratings.catalog, recipe.params)
    return recommender_of(fitted, ratings, recent_popularity(ratings), recipe.params.recency)


def check_method(name: str) -> None:
    """Raise a `ParameterError` for a method that needs all ratings on one machine."""
    if get_method(name).fit_source is None:
        able = ", ".join(other for other in method_names() if get_method(other).fit_source is not None)
        raise ParameterError(
            f"{name} multiplies all ratings of a user with each other, more than partitions can exchange; "
            f"with --engine spark use one of {able}"
        )


def recent_popularity(ratings: SparkRatings) -> RecentPopularity:
    """Return what recent users have rated, see `recsys.recency.recent_popularity`."""
    step = moment_step(ratings.n_ratings, *ratings.time_range)
    moments, n_ratings = _sparse_moments(ratings) if step == 1 else _dense_moments(ratings, step)
    sent = ratings.blocks.context.broadcast((moments, step, fading_weights(n_ratings)))
    try:
        counts, n_users = ratings.datasets.map(partial(_faded, moments=sent)).treeReduce(_added)
    finally:
        sent.destroy()
    return from_faded(counts, n_users)


def profile(ratings: SparkRatings) -> DataProfile:
    """Return the profile of ratings in partitions, the same as on one machine."""
    counts = joined_profile_counts(ratings.datasets.map(counts_of).collect())
    largest = _by_moment(ratings).map(lambda table: int(table[1].max(initial=0))).max()
    return profile_from(counts, ratings, n_in_top_second=largest)


Moments = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Distinct times, ascending, and how many ratings each has."""


def _sparse_moments(ratings: SparkRatings) -> Moments:
    """Return the times of all ratings, where there are few enough of these."""
    tables = _by_moment(ratings).collect() or [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    moments, counts = (np.concatenate(columns) for columns in zip(*tables, strict=True))
    order = np.argsort(moments)
    return moments[order], counts[order]


def _dense_moments(ratings: SparkRatings, step: int) -> Moments:
    """Return all times from the first to the last one in steps, and how many ratings each step has."""
    oldest, newest = ratings.time_range
    n_moments = (newest - oldest) // step + 1
    counts = ratings.datasets.map(partial(_counts_of_steps, oldest=oldest, step=step, n_moments=n_moments)).treeReduce(
        np.add
    )
    return oldest + step * np.arange(n_moments), counts


def _counts_of_steps(dataset: Dataset, oldest: int, step: int, n_moments: int) -> NDArray[np.int64]:
    return np.bincount((dataset.timestamps - oldest) // step, minlength=n_moments)


def _by_moment(ratings: SparkRatings) -> "RDD[Moments]":
    """Return the times of all ratings in disjoint tables, one for each partition."""
    n_tables = max(1, ratings.blocks.getNumPartitions())
    dealt = ratings.datasets.flatMap(partial(_dealt, n_tables=n_tables))
    return dealt.reduceByKey(_joined, numPartitions=n_tables).values()


def _dealt(dataset: Dataset, n_tables: int) -> list[tuple[int, Moments]]:
    moments, counts = np.unique(dataset.timestamps, return_counts=True)
    table = moments % n_tables
    return [(number, (moments[table == number], counts[table == number])) for number in np.unique(table).tolist()]


def _joined(one: Moments, other: Moments) -> Moments:
    moments, places = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    counts = np.zeros(len(moments), dtype=np.int64)
    np.add.at(counts, places, np.concatenate([one[1], other[1]]))
    return moments, counts


def _faded(
    dataset: Dataset, moments: "Broadcast[tuple[NDArray[np.int64], int, NDArray[np.float64]]]"
) -> tuple[NDArray[np.float64], float]:
    return faded(dataset, *moments.value)


def _added(
    one: tuple[NDArray[np.float64], float], other: tuple[NDArray[np.float64], float]
) -> tuple[NDArray[np.float64], float]:
    return one[0] + other[0], one[1] + other[1]
