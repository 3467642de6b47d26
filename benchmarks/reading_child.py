"""Read a folder of ratings by one reader and print what it took; `benchmarks.reading` runs it."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path


def ours() -> Callable[[Path], int]:
    from recsys.data import open_dataset  # noqa: PLC0415 - each reader in a process of its own

    return lambda folder: open_dataset(folder).n_ratings


def pandas() -> Callable[[Path], int]:
    import pandas as pd  # noqa: PLC0415

    return lambda folder: len(pd.read_csv(folder / "ratings.csv"))


def polars() -> Callable[[Path], int]:
    import polars as pl  # noqa: PLC0415

    return lambda folder: pl.read_csv(folder / "ratings.csv").height


if __name__ == "__main__":
    read = {"ours": ours, "pandas": pandas, "polars": polars}[sys.argv[1]]()
    started, cpu_started = time.perf_counter(), time.process_time()
    n_rows = read(Path(sys.argv[2]))
    measured = {
        "rows": n_rows,
        "seconds": time.perf_counter() - started,
        "cpu": time.process_time() - cpu_started,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(measured))
