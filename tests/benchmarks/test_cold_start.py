"""The splits of the cold-start benchmark, and the simulator of large catalogs."""

import numpy as np

from benchmarks.cold_start import new_movies, shuffled
from benchmarks.simulation import Size, simulated
from recsys.data import Dataset


def test_new_movies_holds_out_each_rating_once_and_whole_movies(movielens: Dataset) -> None:
    splits = list(new_movies(movielens, n_folds=5))
    assert sum(parts.holdout.n_ratings for parts in splits) == movielens.n_ratings
    for parts in splits:
        assert not np.any((parts.train.popularity > 0) & (parts.holdout.popularity > 0))


def test_shuffled_keeps_what_a_movie_is_and_who_rated_it(tiny: Dataset) -> None:
    mixed = shuffled(tiny, rng=np.random.default_rng(3))
    assert mixed.catalog.titles != tiny.catalog.titles
    popularity = dict(zip(tiny.catalog.titles, tiny.popularity.tolist(), strict=True))
    assert dict(zip(mixed.catalog.titles, mixed.popularity.tolist(), strict=True)) == popularity
    years = dict(zip(tiny.catalog.titles, tiny.catalog.years.tolist(), strict=True))
    assert dict(zip(mixed.catalog.titles, mixed.catalog.years.tolist(), strict=True)) == years


def test_simulated_has_the_asked_size_and_a_long_tail() -> None:
    dataset = simulated(Size(2000, 300, 20_000), rng=np.random.default_rng(1))
    assert (dataset.n_items, 0.5 * 20_000 < dataset.n_ratings <= 20_000) == (2000, True)
    most = np.sort(dataset.popularity)[::-1]
    assert most[:400].sum() > 2 * most[-400:].sum()
