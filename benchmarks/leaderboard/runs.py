"""Trials in processes of their own, and what they come back with."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.contenders import Contender
from benchmarks.leaderboard.environments import python_of
from benchmarks.leaderboard.protocol import as_ratings
from recsys.data.dataset import Dataset

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "BENCHMARK_ONE_CORE")
"""The last of them tells `benchmarks.leaderboard.trial` to stay on one core."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What one run of a contender has given.

    Attributes
    ----------
    item_indices
        int64, (n_users, 10), a list for each user, -1 after the last movie.
    fit_seconds, recommend_seconds
        Wall-clock time of the fit, and of recommending for all users.
    peak_mb
        Largest resident memory of its process, libraries included, MiB.
    """

    item_indices: NDArray[np.int64]
    fit_seconds: float
    recommend_seconds: float
    peak_mb: float


def run_trial(
    contender: Contender, train: Dataset, settings: Mapping[str, Any] | None = None, *, one_core: bool = False
) -> Trial | None:
    """Return what a contender does with the training ratings, or None when it cannot be installed or fails.

    Parameters
    ----------
    settings
        Instead of the contender's own.
    one_core
        Whether all libraries are held to one thread on one core, for a fair comparison on a busy machine.
    """
    python = python_of(contender.environment)
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        ratings, lists = Path(scratch) / "ratings.npz", Path(scratch) / "lists.npz"
        as_ratings(train).save(ratings)
        command = [python, "-m", "benchmarks.leaderboard.trial", contender.adapter]
        text = json.dumps(dict(contender.settings if settings is None else settings))
        done = subprocess.run(
            [*command, text, ratings, lists],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | (dict.fromkeys(ONE_THREAD, "1") if one_core else {}),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            print(f"{contender.name} failed: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return None
        with np.load(lists) as found:
            padding = ((0, train.n_users - len(found["item_indices"])), (0, 0))
            numbers = {name: float(found[name]) for name in ("fit_seconds", "recommend_seconds", "peak_mb")}
            return Trial(item_indices=np.pad(found["item_indices"], padding, constant_values=-1), **numbers)
