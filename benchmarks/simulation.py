"""Ratings drawn from a simulator, of the sizes and the sparsity of real ones, in memory or as a folder of CSV.

Movies have a popularity (a power law with a flat head, as in MovieLens 25M) and one of 50 kinds; each user likes three
kinds and draws movies from them in four of five cases, from all movies otherwise. Stars are those of the movie give or
take one. Users come one after the other over twenty years, and rate a movie a minute.

    python -m benchmarks simulate 25M --out /data/simulated-25m
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset

N_KINDS, N_LIKED, FOCUS = 50, 3, 0.8
POPULARITY_POWER, FLAT_HEAD = 1.4, 500
FIRST_SECOND, TWENTY_YEARS, MINUTE = 1_000_000_000, 630_720_000, 60
GENRES = [
    "Action",
    "Adventure",
    "Animation",
    "Children",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
    "IMAX",
    "Sports",
]


class Size(NamedTuple):
    """How many movies and users there are, and how many ratings are drawn; those drawn twice count once."""

    n_movies: int
    n_users: int
    n_drawn: int


SIZES = {
    "100K": Size(1_682, 943, 220_000),
    "1M": Size(3_883, 6_040, 1_950_000),
    "3M": Size(9_000, 21_000, 4_700_000),
    "10M": Size(10_681, 71_567, 15_500_000),
    "25M": Size(62_423, 162_541, 33_500_000),
    "32M": Size(87_585, 200_948, 42_500_000),
}
"""By the MovieLens dataset of that size (there is none of 3M)."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks simulate", description=__doc__)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("--out", type=Path, required=True, help="folder for ratings.csv and movies.csv")
    options = parser.parse_args(arguments)
    dataset = simulated(SIZES[options.size], rng=np.random.default_rng(42))
    write_folder(dataset, options.out)
    print(f"{dataset.n_ratings:,} ratings of {dataset.n_items:,} movies by {dataset.n_users:,} users in {options.out}")
    return 0


def simulated(size: Size, *, rng: np.random.Generator) -> Dataset:
    """Return a dataset drawn as the docstring of this module says."""
    n_movies, n_users, n_drawn = size
    popularity = (np.arange(n_movies) + FLAT_HEAD) ** -POPULARITY_POWER
    kinds = rng.integers(N_KINDS, size=n_movies)
    users = rng.choice(n_users, size=n_drawn, p=_shares(rng.lognormal(0, 1, n_users)))
    liked = rng.integers(N_KINDS, size=(n_users, N_LIKED))
    movies = rng.choice(n_movies, size=n_drawn, p=_shares(popularity))
    wanted = np.where(rng.random(n_drawn) < FOCUS, liked[users, rng.integers(N_LIKED, size=n_drawn)], -1)
    for kind in range(N_KINDS):
        members, drawing = np.flatnonzero(kinds == kind), np.flatnonzero(wanted == kind)
        movies[drawing] = rng.choice(members, size=len(drawing), p=_shares(popularity[members]))
    pairs = np.unique(users.astype(np.int64) * n_movies + movies)
    users, movies = np.divmod(pairs, n_movies)
    quality = rng.normal(3.5, 0.5, n_movies)
    stars = np.round(2 * (quality[movies] + rng.normal(0, 1, len(pairs)))).clip(1, 10) / 2
    return Dataset.from_ratings(
        "simulated",
        _catalog(kinds, rng),
        user_ids=users + 1,
        movie_ids=movies + 1,
        ratings=stars.astype(np.float32),
        timestamps=_times(users, n_users, rng),
    )


def _times(users: NDArray[np.int64], n_users: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return when each rating was given, int64, (n_ratings,), seconds; users ascend, their movies are shuffled."""
    counts = np.bincount(users, minlength=n_users)
    order = np.lexsort((rng.random(len(users), dtype=np.float32), users))
    place = np.empty(len(users), dtype=np.int64)
    place[order] = np.arange(len(users)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = np.sort(rng.integers(TWENTY_YEARS, size=n_users))
    return FIRST_SECOND + first[users] + MINUTE * place


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights / weights.sum()


def _catalog(kinds: NDArray[np.int64], rng: np.random.Generator) -> Catalog:
    """Return a catalog where the kind of a movie tells two of its 20 genres."""
    n_movies, n_genres = len(kinds), len(GENRES)
    genres = np.zeros((n_movies, n_genres), dtype=np.bool_)
    for shift in (0, 7):
        genres[np.arange(n_movies), (kinds + shift) % n_genres] = True
    return Catalog(
        movie_ids=np.arange(1, n_movies + 1),
        titles=tuple(f"Movie {number}" for number in range(1, n_movies + 1)),
        years=rng.integers(1930, 2020, n_movies).astype(np.int32),
        genres=genres,
        genre_names=tuple(GENRES),
        imdb_urls=("",) * n_movies,
    )


def write_folder(dataset: Dataset, folder: Path) -> None:
    """Write the dataset as MovieLens 25M comes: ratings.csv and movies.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    catalog = dataset.catalog
    pd.DataFrame(
        {
            "userId": dataset.user_ids[dataset.user_indices],
            "movieId": catalog.movie_ids[dataset.item_indices],
            "rating": dataset.ratings,
            "timestamp": dataset.timestamps,
        }
    ).to_csv(folder / "ratings.csv", index=False)
    pd.DataFrame(
        {
            "movieId": catalog.movie_ids,
            "title": [f"{title} ({year})" for title, year in zip(catalog.titles, catalog.years, strict=True)],
            "genres": ["|".join(catalog.genres_of(index)) for index in range(catalog.n_items)],
        }
    ).to_csv(folder / "movies.csv", index=False)
