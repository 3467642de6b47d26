"""The model alone, without HTTP: microseconds of processor time to recommend and explain ten movies.

For histories of 5, 50 and 500 random ratings, with the model of the dataset (1,682 movies in MovieLens 100K, dense) and
with a sparse one of 60,000 movies with 200 neighbors each, which is made up: what it recommends is noise, but it takes
as long as a real one of that size. Both are saved and opened memory-mapped, as the service does. One thread, as a
worker has; processor time, so that other programs hardly count.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.data import add_data_dir, open_data
from benchmarks.machine import machine, pin_threads
from recsys.catalog import Catalog
from recsys.fitting import Recipe, as_recommender, model_info
from recsys.item_matrix import DenseItemMatrix, SparseItemMatrix
from recsys.methods import get_method, make_params
from recsys.model import Recommender
from recsys.storage import load_model, save_model
from training.commands.shared_flags import DEFAULT_METHOD

N_RATINGS = (5, 50, 500)
N_LARGE, N_NEIGHBORS = 60_000, 200
N_HISTORIES = 50
ROUNDS = 15


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks core", description=__doc__)
    add_data_dir(parser)
    chosen = parser.parse_args(arguments)
    pin_threads()
    dataset, _ = open_data(chosen.data_dir)
    recipe = Recipe(DEFAULT_METHOD, make_params(get_method(DEFAULT_METHOD), {}))
    info = model_info(recipe, dataset)
    models = {
        f"{DEFAULT_METHOD} on {dataset.name}": as_recommender(recipe.fit(dataset), dataset),
        f"made up, {N_NEIGHBORS} neighbors": made_up(np.random.default_rng(42)),
    }
    print(machine(), end="\n\n")
    print("| model | movies | matrix | ratings | median us | lowest us |\n|---|---:|---|---:|---:|---:|", flush=True)
    for name, recommender in models.items():
        with tempfile.TemporaryDirectory() as scratch:
            save_model(recommender, info, Path(scratch))
            report(name, load_model(Path(scratch))[0])
    return 0


def report(name: str, recommender: Recommender) -> None:
    """Print a line for each length of history."""
    n_items = recommender.catalog.n_items
    kind = "dense" if isinstance(recommender.item_weights, DenseItemMatrix) else "sparse"
    for n_ratings in N_RATINGS:
        found = measure(recommender, min(n_ratings, n_items // 2))
        times = f"{np.median(found):,.0f} | {min(found):,.0f}"
        print(f"| {name} | {n_items:,} | {kind} | {n_ratings} | {times} |", flush=True)


def measure(recommender: Recommender, n_ratings: int) -> list[float]:
    """Return microseconds a recommendation, one number a round: the mean over all histories."""
    rng = np.random.default_rng(42)
    histories = [draw_history(recommender, n_ratings, rng) for _ in range(N_HISTORIES)]
    found = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for movie_ids, stars in histories:
            answer(recommender, movie_ids, stars)
        found.append((time.process_time() - started) / N_HISTORIES * 1e6)
    return found


def answer(recommender: Recommender, movie_ids: list[int], stars: list[float]) -> None:
    """Do what an answer of the service needs of the model."""
    history = recommender.history(movie_ids, stars)
    recommender.explain(recommender.recommend_for(history).item_indices, history)


def draw_history(recommender: Recommender, n_ratings: int, rng: np.random.Generator) -> tuple[list[int], list[float]]:
    """Return distinct movies, better-known ones more often, and their stars, of which three quarters are 4 or 5."""
    chances = (recommender.popularity + 1) / (recommender.popularity + 1).sum()
    movie_ids = rng.choice(recommender.catalog.movie_ids, size=n_ratings, replace=False, p=chances)
    stars = rng.choice([2.0, 3.0, 4.0, 5.0], size=n_ratings, p=[0.1, 0.15, 0.4, 0.35])
    return movie_ids.tolist(), stars.tolist()


def made_up(rng: np.random.Generator) -> Recommender:
    """Return a sparse model of 60,000 movies whose neighbors are drawn evenly."""
    columns = _distinct_columns(rng)
    weights = SparseItemMatrix(
        data=rng.random(columns.size, dtype=np.float32),
        indices=columns.ravel(),
        indptr=np.arange(N_LARGE + 1, dtype=np.int64) * N_NEIGHBORS,
    )
    names = tuple(map(str, range(N_LARGE)))
    catalog = Catalog(
        movie_ids=np.arange(1, N_LARGE + 1),
        titles=names,
        years=np.zeros(N_LARGE, dtype=np.int32),
        genres=np.zeros((N_LARGE, 0), dtype=bool),
        genre_names=(),
        imdb_urls=names,
    )
    popularity = (1e5 / np.arange(1, N_LARGE + 1)).astype(np.int64)
    return Recommender(catalog, popularity, weights, weights)


def _distinct_columns(rng: np.random.Generator) -> NDArray[np.int32]:
    """Return int32, (N_LARGE, N_NEIGHBORS), ascending and distinct in each row: one of each stretch of columns."""
    stretch = N_LARGE // N_NEIGHBORS
    starts = np.arange(N_NEIGHBORS, dtype=np.int32) * stretch
    return starts + rng.integers(stretch, size=(N_LARGE, N_NEIGHBORS), dtype=np.int32)
