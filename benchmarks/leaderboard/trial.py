"""One contender on one split, in a process of its own: fit, recommend for all users, tell times and memory.

``python -m benchmarks.leaderboard.trial ADAPTER SETTINGS-JSON RATINGS.npz LISTS.npz``, run by `benchmarks.leaderboard`.
"""

import importlib
import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.exchange import Ratings

WARM_UP_SECONDS = 5.0
"""Whoever is done faster than this runs twice, and the second run counts: it does not pay for starting threads."""


def main(adapter_name: str, settings_text: str, ratings_path: str, lists_path: str) -> None:
    warnings.simplefilter("ignore")
    if os.environ.get("BENCHMARK_ONE_CORE") and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    adapter = importlib.import_module(f"benchmarks.leaderboard.adapters.{adapter_name}")
    settings = json.loads(settings_text)
    prepared = adapter.prepare(Ratings.load(Path(ratings_path)), settings)
    for _ in range(2):
        started = time.perf_counter()
        model = adapter.fit(prepared, settings)
        fitted_at = time.perf_counter()
        answer = adapter.recommend(model, prepared)
        done_at = time.perf_counter()
        if done_at - started > WARM_UP_SECONDS:
            break
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    np.savez(
        lists_path,
        item_indices=adapter.lists(answer, prepared),
        fit_seconds=fitted_at - started,
        recommend_seconds=done_at - fitted_at,
        peak_mb=peak_mb,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
