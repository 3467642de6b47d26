"""One fit in a process of its own, for `benchmarks.growth`: prints its seconds and its memory as JSON.

It runs in the environment of the contender, so only what its own branch needs is imported.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

N_NEIGHBORS = 200
THREADS = 2
N_FACTORS = 64

Arrays = Mapping[str, Any]
Work = Callable[[], object]


def ours(method: str) -> Callable[[Arrays], Work]:
    def prepare(arrays: Arrays) -> Work:
        from recsys.catalog import Catalog
        from recsys.data.dataset import Dataset
        from recsys.methods import get_method, make_params

        n_items, n_users = len(arrays["years"]), len(arrays["starts"]) - 1
        catalog = Catalog(
            np.arange(1, n_items + 1),
            ("",) * n_items,
            arrays["years"],
            arrays["genres"],
            tuple(f"genre {number}" for number in range(arrays["genres"].shape[1])),
            ("",) * n_items,
        )
        user_indices = np.repeat(np.arange(n_users, dtype=np.int32), np.diff(arrays["starts"]))
        times = np.zeros(len(user_indices), np.int64)
        dataset = Dataset(
            "growth", catalog, np.arange(1, n_users + 1), user_indices, arrays["items"], arrays["stars"], times
        )
        chosen = get_method(method)
        return lambda: chosen.fit(dataset, make_params(chosen, {}))

    return prepare


def implicit_cosine(arrays: Arrays) -> Work:
    from implicit.nearest_neighbours import CosineRecommender

    user_items = sp.csr_matrix(matrix(arrays))
    return lambda: CosineRecommender(K=N_NEIGHBORS, num_threads=THREADS).fit(user_items, show_progress=False)


def implicit_als(arrays: Arrays) -> Work:
    from implicit.als import AlternatingLeastSquares

    user_items = sp.csr_matrix(matrix(arrays))
    model = AlternatingLeastSquares(factors=N_FACTORS, num_threads=THREADS)
    return lambda: model.fit(user_items, show_progress=False)


def sparse_dot_topn(arrays: Arrays) -> Work:
    from sparse_dot_topn import sp_matmul_topn

    columns = matrix(arrays)

    def work() -> object:
        norms = np.sqrt(columns.multiply(columns).sum(axis=0))
        unit = sp.csr_matrix(columns.multiply(1 / np.maximum(norms, 1e-9)))
        by_item = sp.csr_matrix(unit.T)
        return sp_matmul_topn(by_item, unit, top_n=N_NEIGHBORS, n_threads=THREADS, sort=True)

    return work


def lenskit_item_knn(arrays: Arrays) -> Work:
    import pandas as pd
    from lenskit.data import from_interactions_df
    from lenskit.knn import ItemKNNScorer
    from lenskit.pipeline import topn_pipeline

    user_indices = np.repeat(np.arange(len(arrays["starts"]) - 1), np.diff(arrays["starts"]))
    dataset = from_interactions_df(pd.DataFrame({"user_id": user_indices, "item_id": arrays["items"]}))
    pipeline = topn_pipeline(ItemKNNScorer(feedback="implicit", save_nbrs=N_NEIGHBORS))
    return lambda: pipeline.train(dataset)


CONTENDERS: dict[str, Callable[[Arrays], Work]] = {
    "hybrid": ours("hybrid"),
    "item-knn": ours("item-knn"),
    "implicit-als": implicit_als,
    "implicit-cosine": implicit_cosine,
    "sparse-dot-topn": sparse_dot_topn,
    "lenskit-item-knn": lenskit_item_knn,
}


def matrix(arrays: Arrays) -> sp.csr_array:
    """Return the square roots of the stars, as `item-knn` weighs them, CSR float32, (n_users, n_items)."""
    shape = (len(arrays["starts"]) - 1, len(arrays["years"]))
    return sp.csr_array((np.sqrt(arrays["stars"]), arrays["items"], arrays["starts"]), shape=shape)


def main(name: str, path: str) -> None:
    arrays = dict(np.load(path))
    work = CONTENDERS[name](arrays)
    before, started = cpu_seconds(), time.perf_counter()
    work()
    wall = time.perf_counter() - started
    found = {"cpu": cpu_seconds() - before, "wall": wall, "gb": peak_gb()}
    print(json.dumps({key: round(value, 2) for key, value in found.items()}))


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_gb() -> float:
    # Of this program alone: Linux counts the peak of whoever has started it into ru_maxrss.
    told = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (peak,) = (line for line in told if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
