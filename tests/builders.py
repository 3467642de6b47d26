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
