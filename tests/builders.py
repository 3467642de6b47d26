"""Small catalogs and datasets, written out by hand."""

from collections.abc import Sequence

import numpy as np

from recsys.catalog import Catalog
from recsys.data import Dataset

GENRES = ("Action", "Comedy", "Drama")


def make_catalog(movies: Sequence[tuple[int, str, int, str]]) -> Catalog:
    """Return a catalog of (movie_id, title, year, genres joined by |)."""
    return Catalog(
        movie_ids=np.array([movie[0] for movie in movies], dtype=np.int64),
        titles=tuple(movie[1] for movie in movies),
        years=np.array([movie[2] for movie in movies], dtype=np.int32),
        genres=np.array([[genre in movie[3].split("|") for genre in GENRES] for movie in movies], dtype=bool),
        genre_names=GENRES,
        imdb_urls=("",) * len(movies),
    )


def make_dataset(catalog: Catalog, ratings: Sequence[tuple[int, int, float]]) -> Dataset:
    """Return a dataset of (user_id, movie_id, stars)."""
    columns = np.array(ratings, dtype=np.float64).reshape(-1, 3)
    return Dataset.from_ratings(
        "tiny",
        catalog,
        user_ids=columns[:, 0].astype(np.int64),
        movie_ids=columns[:, 1].astype(np.int64),
        ratings=columns[:, 2].astype(np.float32),
        timestamps=np.arange(len(columns), dtype=np.int64),
    )


def first_users(dataset: Dataset, n_users: int) -> Dataset:
    """Return the ratings of a dataset's first users, over the same movies."""
    chosen = dataset.user_indices < n_users
    return Dataset.from_ratings(
        dataset.name,
        dataset.catalog,
        user_ids=dataset.user_ids[dataset.user_indices[chosen]],
        movie_ids=dataset.catalog.movie_ids[dataset.item_indices[chosen]],
        ratings=dataset.ratings[chosen],
        timestamps=dataset.timestamps[chosen],
    )


def first_movies(dataset: Dataset, n_movies: int) -> Dataset:
    """Return a dataset with the first movies of its catalog, the rest of it gone."""
    kept = dataset.item_indices < n_movies
    whole = dataset.catalog
    catalog = Catalog(
        movie_ids=whole.movie_ids[:n_movies],
        titles=whole.titles[:n_movies],
        years=whole.years[:n_movies],
        genres=whole.genres[:n_movies],
        genre_names=whole.genre_names,
        imdb_urls=whole.imdb_urls[:n_movies],
    )
    return Dataset.from_ratings(
        dataset.name,
        catalog,
        user_ids=dataset.user_ids[dataset.user_indices[kept]],
        movie_ids=catalog.movie_ids[dataset.item_indices[kept]],
        ratings=dataset.ratings[kept],
        timestamps=dataset.timestamps[kept],
    )
