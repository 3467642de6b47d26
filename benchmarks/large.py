"""A catalogue of 60,000 movies: time and memory of fits, on ratings drawn from a simulator.

The simulator: movies have a popularity (a power law with a flat head, as in MovieLens 25M) and one of 50 kinds; each
user likes three kinds and draws movies from them in four of five cases, from all movies otherwise. Stars are those of
the movie give or take one. Such ratings have the sizes and the sparsity of real ones; quality is not measured on them.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.table import machine, table
from recsys.batch import recommend_all
from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.fitting import as_recommender
from recsys.methods import get_method, make_params

N_KINDS, N_LIKED, FOCUS = 50, 3, 0.8
POPULARITY_POWER, FLAT_HEAD = 1.4, 500
USERS_ASKED = 1000


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks large", description=__doc__)
    parser.add_argument("--movies", type=int, default=60_000)
    parser.add_argument("--users", type=int, default=30_000)
    parser.add_argument("--ratings", type=int, default=4_000_000, help="to draw; those drawn twice count once")
    parser.add_argument("--methods", nargs="+", default=["item-knn", "ease", "hybrid"])
    options = parser.parse_args(arguments)
    size = (options.movies, options.users, options.ratings)
    rows = []
    for method in options.methods:  # each in a process of its own, for its memory
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(_measure, (method, *size)))
    print(
        table(
            [
                "method",
                "ratings",
                "fit s",
                "fit, processor s",
                f"{USERS_ASKED} users s",
                "peak MB",
                "before the fit MB",
            ],
            rows,
        )
    )
    print(f"\nMachine: {machine()}.")
    return 0


def _measure(method: str, n_movies: int, n_users: int, n_ratings: int) -> list[str]:
    dataset = simulated(n_movies, n_users, n_ratings, rng=np.random.default_rng(42))
    histories = dataset.user_items[:USERS_ASKED]
    before = _peak_mb()
    started, worked = time.perf_counter(), time.process_time()
    chosen = get_method(method)
    model = as_recommender(chosen.fit(dataset, make_params(chosen, {})), dataset)
    fitted_at, cpu = time.perf_counter(), time.process_time() - worked
    for _ in recommend_all(model, histories, n=10, min_rating=0):
        pass
    done_at = time.perf_counter()
    seconds = [f"{fitted_at - started:.0f}", f"{cpu:.0f}", f"{done_at - fitted_at:.2f}"]
    return [method, f"{dataset.n_ratings:,}", *seconds, f"{_peak_mb():.0f}", f"{before:.0f}"]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def simulated(n_movies: int, n_users: int, n_ratings: int, *, rng: np.random.Generator) -> Dataset:
    """Return a dataset drawn as the docstring of this module says."""
    popularity = (np.arange(n_movies) + FLAT_HEAD) ** -POPULARITY_POWER
    kinds = rng.integers(N_KINDS, size=n_movies)
    users = rng.choice(n_users, size=n_ratings, p=_shares(rng.lognormal(0, 1, n_users)))
    liked = rng.integers(N_KINDS, size=(n_users, N_LIKED))
    movies = rng.choice(n_movies, size=n_ratings, p=_shares(popularity))
    wanted = np.where(rng.random(n_ratings) < FOCUS, liked[users, rng.integers(N_LIKED, size=n_ratings)], -1)
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
        user_ids=users,
        movie_ids=movies + 1,
        ratings=stars.astype(np.float32),
        timestamps=np.zeros(len(pairs), dtype=np.int64),
    )


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return weights / weights.sum()


def _catalog(kinds: NDArray[np.int64], rng: np.random.Generator) -> Catalog:
    """Return a catalogue where the kind of a movie tells two of its 20 genres."""
    n_movies = len(kinds)
    genres = np.zeros((n_movies, 20), dtype=np.bool_)
    for shift in (0, 7):
        genres[np.arange(n_movies), (kinds + shift) % 20] = True
    return Catalog(
        movie_ids=np.arange(1, n_movies + 1),
        titles=tuple(f"Movie {number}" for number in range(1, n_movies + 1)),
        years=rng.integers(1930, 2020, n_movies).astype(np.int32),
        genres=genres,
        genre_names=tuple(f"genre {number}" for number in range(20)),
        imdb_urls=("",) * n_movies,
    )
