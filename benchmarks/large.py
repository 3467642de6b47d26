"""Growth from 1 to 32 million ratings: time and memory of split, fit and evaluation, on ratings from a simulator.

Each size and method runs in a process of its own, for its memory. The simulator is that of `benchmarks.simulation`: of
quality it tells whether a method beats popularity there. OPENBLAS_NUM_THREADS=1 gives the steadiest numbers.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from benchmarks.leaderboard.table import machine, table
from benchmarks.simulation import SIZES, simulated
from recsys.evaluation.report import Evaluation, evaluate
from recsys.evaluation.scorer import PopularityScorer
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.scorers import scorer_of
from recsys.splits import SplitParams, split

USERS_EVALUATED = 20_000
COLUMNS = [
    "ratings",
    "method",
    "split, CPU s",
    "fit, CPU s",
    "fit, s",
    "20,000 users, CPU s",
    "peak GB",
    "of it ratings GB",
    "nDCG@10",
    "popularity",
]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks large", description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["1M", "3M", "10M", "25M", "32M"])
    parser.add_argument("--methods", nargs="+", default=["hybrid", "item-knn"])
    options = parser.parse_args(arguments)
    rows = []
    for size in options.sizes:
        for method in options.methods:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                rows.append(pool.apply(measure, (method, size)))
    print(table(COLUMNS, rows))
    print(f"\nMachine: {machine()}.")
    return 0


def measure(method: str, size: str) -> list[str]:
    """Return a row of the table."""
    dataset = simulated(SIZES[size], rng=np.random.default_rng(42))
    before = _peak_gb()
    parts, split_cpu, _ = _timed(lambda: split(dataset, SplitParams(strategy="hash")))
    recipe = Recipe(method, make_params(get_method(method), {}))
    model, fit_cpu, fit_wall = _timed(lambda: recipe.recommender(parts.train))
    found, evaluate_cpu, _ = _timed(lambda: evaluate(scorer_of(model), parts, max_users=USERS_EVALUATED))
    baseline = evaluate(PopularityScorer(parts.train.popularity), parts, max_users=USERS_EVALUATED)
    seconds = [f"{value:.1f}" for value in (split_cpu, fit_cpu, fit_wall, evaluate_cpu)]
    quality = [_ndcg(found), _ndcg(baseline)]
    return [f"{dataset.n_ratings:,}", method, *seconds, f"{_peak_gb():.2f}", f"{before:.2f}", *quality]


Result = TypeVar("Result")


def _timed(work: Callable[[], Result]) -> tuple[Result, float, float]:
    """Return a result, and the processor and wall-clock seconds it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def _ndcg(evaluation: Evaluation) -> str:
    return f"{evaluation.metrics['ndcg_at_10']:.4f}"


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
