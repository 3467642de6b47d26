"""The embedded sample: real films, invented ratings, for a machine that does not reach GroupLens.

``sample_movies.csv`` holds well-known films, roughly from the best to the least known: titles, years and genres,
written by hand. The ratings are drawn by a simulator of tastes; they are nobody's, and say nothing about a film:

- A film has genres, an era, and a hidden *circle*: a company of films that the same people like, drawn near its genres.
  The parts of a series, told by their title, share one. A circle is what collaborative methods can find and methods of
  content cannot.
- A user likes some genres, some eras and a few circles. Affinity is the sum of all three over the traits of a film.
- Whom a user rates is drawn without replacement, with odds from fame, which falls along the list with a long tail, and
  from affinity. How many films a user rates is log-normal, at least 20.
- Stars are 3.5, plus the mildness of the user, the quality of the film, affinity and noise, to the next half star.
- Each user comes at some time in 2024 and rates over some weeks.

The last films of the list are new: nobody has rated them. The same seed gives the same ratings on every platform, as
long as NumPy keeps its streams.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.data.movie_table import build_catalog
from recsys.data.places.data_file import local_file
from recsys.data.readers.movies import read_movies_file

N_USERS = 600
N_UNRATED = 12
_N_CIRCLES = 36
_N_FAVORITE_CIRCLES = 3
_MOVIES = Path(__file__).with_name("sample_movies.csv")
_SERIES = re.compile(r"[:(]|, The\b|\s(?:Part|[0-9]|I{2,3}|and the)\b")
_NEW_YEAR_2024, _YEAR = 1_704_067_200, 366 * 86_400

_Floats = NDArray[np.float64]


def sample_dataset(seed: int = 2024) -> Dataset:
    """Return the embedded sample, some 50,000 half-star ratings of 600 invented users."""
    rng = np.random.Generator(np.random.PCG64(seed))
    catalog = sample_catalog()
    affinity = _affinity(catalog, rng)
    user_indices, item_indices = _choose(affinity, rng)
    return Dataset.from_ratings(
        "sample",
        catalog,
        user_ids=user_indices + 1,
        movie_ids=catalog.movie_ids[item_indices],
        ratings=_rate(affinity, user_indices, item_indices, rng),
        timestamps=_times(user_indices, rng),
    )


def sample_catalog() -> Catalog:
    """Return the films of the embedded sample."""
    return build_catalog(_MOVIES, read_movies_file(local_file(_MOVIES)))


def _affinity(catalog: Catalog, rng: np.random.Generator) -> _Floats:
    """Return how much each user likes each film, (n_users, n_items), about 0 with deviation 1."""
    genres = catalog.genres / np.sqrt(np.maximum(catalog.genres.sum(1, keepdims=True), 1))
    eras = np.exp(-(((catalog.years[:, None] - np.array([1945, 1970, 1990, 2012])) / 12.0) ** 2))
    circles = np.eye(_N_CIRCLES)[_circles(catalog, genres, rng)]
    favorite = rng.random((N_USERS, _N_CIRCLES)).argsort(1) < _N_FAVORITE_CIRCLES
    affinity = (
        0.8 * rng.standard_normal((N_USERS, genres.shape[1])) @ genres.T
        + 0.6 * rng.standard_normal((N_USERS, eras.shape[1])) @ eras.T
        + 2.2 * (favorite * rng.uniform(0.6, 1.4, favorite.shape)) @ circles.T
    )
    return np.asarray((affinity - affinity.mean()) / affinity.std())


def _circles(catalog: Catalog, genres: _Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the circle of each film, int64, (n_items,)."""
    centers = genres[rng.choice(len(genres), _N_CIRCLES, replace=False)]
    circles = (5 * genres @ centers.T + rng.gumbel(size=(len(genres), _N_CIRCLES))).argmax(1)
    names = [_SERIES.split(title)[0].strip() for title in catalog.titles]
    _, first, series = np.unique(names, return_index=True, return_inverse=True)
    return np.asarray(circles[first[series]])


def _choose(affinity: _Floats, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return who rates what, two columns of rows, int64, (n_ratings,)."""
    n_items = affinity.shape[1]
    fame = -2.0 * np.log(np.arange(n_items) + 40.0) + 0.5 * rng.standard_normal(n_items)
    fame[-N_UNRATED:] = -np.inf
    n_rated = np.exp(rng.normal(4.2, 0.75, N_USERS)).clip(20, 400).astype(np.int64)
    # the largest of (log odds + Gumbel noise) are a draw without replacement by those odds
    ranks = (-(fame + 2.4 * affinity + rng.gumbel(size=affinity.shape))).argsort(1).argsort(1)
    user_indices, item_indices = np.nonzero(ranks < n_rated[:, None])
    return user_indices, item_indices


def _rate(
    affinity: _Floats, user_indices: NDArray[np.int64], item_indices: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the stars, float32, (n_ratings,)."""
    n_users, n_items = affinity.shape
    mildness, quality = rng.normal(0, 0.35, size=(n_users,)), rng.normal(0, 0.4, size=(n_items,))
    noise = rng.normal(0, 0.6, size=len(user_indices))
    stars = 3.2 + mildness[user_indices] + quality[item_indices] + 0.4 * affinity[user_indices, item_indices] + noise
    return np.asarray((np.rint(2 * stars) / 2).clip(0.5, 5), np.float32)


def _times(user_indices: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return when, seconds since 1970 UTC, all of them in 2024, int64, (n_ratings,)."""
    starts, spans = rng.uniform(0, 0.9, N_USERS), rng.exponential(0.15, N_USERS)
    shares = (starts[user_indices] + spans[user_indices] * rng.random(len(user_indices))) % 1.0
    return np.asarray(_NEW_YEAR_2024 + (shares * _YEAR).astype(np.int64))
