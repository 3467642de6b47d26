"""25 million rows of CSV: seconds and memory from the file to a checked dataset, beside pandas and polars reading it.

Ours does more: the other two only parse, while ours also checks every value, looks for movies rated twice and for
unknown ones, and sorts the ratings into a `Dataset`. All read the same file, each in a process of its own, in turns;
the file is in the page cache. Ratings are simulated, with the sizes, ids and times of MovieLens 25M.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from benchmarks.leaderboard.environments import HERE, python_of
from benchmarks.leaderboard.table import table
from benchmarks.machine import machine

ROWS, USERS, MOVIES = 25_000_000, 162_000, 59_000
READERS = {"ours, checked": "ours", "pandas": "readers", "polars": "readers"}
_HIGHEST_ID = 209_000
_FIRST_TIME, _LAST_TIME = 789_652_009, 1_574_327_703


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks reading", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="read ratings.csv and movies.csv of this folder instead")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or write_ratings(Path(scratch), options.rows, rng=np.random.default_rng(42))
        size = (folder / "ratings.csv").stat().st_size
        rounds = [{name: _measure(name, folder) for name in READERS} for _ in range(options.rounds)]
    rows = []
    for name in READERS:
        found = [measured for each in rounds if (measured := each[name])]
        medians = (
            [statistics.median(one[what] for one in found) for what in ("seconds", "cpu", "peak_mb")] if found else []
        )
        rows.append([name, *(f"{value:,.1f}" for value in medians[:2]), *(f"{value:,.0f}" for value in medians[2:])])
    print(table(["reader", "s", "processor s", "peak MB"], rows))
    print(f"\n{size / 1e6:,.0f} MB; medians of {options.rounds} rounds. Machine: {machine()}.")
    return 0


def write_ratings(folder: Path, n_rows: int, *, rng: np.random.Generator) -> Path:
    """Write ratings and movies with the sizes of MovieLens 25M, fewer rows scaled down, and return the folder."""
    n_users = max(1, USERS * n_rows // ROWS)
    movie_ids = np.sort(rng.choice(_HIGHEST_ID, MOVIES, replace=False) + 1)
    odds = np.cumsum(1 / np.arange(10, MOVIES + 10) ** 0.9)
    drawn = movie_ids[np.searchsorted(odds / odds[-1], rng.random(n_rows)).clip(0, MOVIES - 1)]
    pairs = np.unique(rng.integers(1, n_users + 1, n_rows) * (_HIGHEST_ID + 1) + drawn)
    columns = {
        "userId": pairs // (_HIGHEST_ID + 1),
        "movieId": pairs % (_HIGHEST_ID + 1),
        "rating": rng.integers(1, 11, len(pairs)) / 2,
        "timestamp": rng.integers(_FIRST_TIME, _LAST_TIME, len(pairs)),
    }
    csv.write_csv(pa.table(columns), folder / "ratings.csv", csv.WriteOptions(quoting_header="none"))
    lines = (f"{movie_id},Movie {movie_id} ({1920 + movie_id % 100}),Comedy|Drama\n" for movie_id in movie_ids.tolist())
    (folder / "movies.csv").write_text("movieId,title,genres\n" + "".join(lines), "utf-8")
    return folder


def _measure(name: str, folder: Path) -> dict[str, float] | None:
    """Return seconds, processor seconds and peak memory of one reader, None where it cannot be installed."""
    python = python_of(READERS[name])
    if python is None:
        return None
    script = Path(__file__).with_name("reading_child.py")
    variables = {**os.environ, "PYTHONPATH": str(HERE.parent)} if READERS[name] == "ours" else None
    command = [python, script, name.split(",", maxsplit=1)[0], folder]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"error: {name} failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found
