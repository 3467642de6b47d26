"""A worker that dies in the middle costs time, and nothing else."""

import threading
from pathlib import Path

import numpy as np
from spark.cluster import CONF, running_cluster

from recsys.data import Dataset, open_dataset
from recsys.methods.rating_source import CsrRatings


def test_products_survive_a_worker_that_is_killed_in_the_middle(movielens: Dataset, tmp_path: Path) -> None:
    from benchmarks.simulation import write_folder
    from recsys.spark.reading import read_ratings
    from recsys.spark.session import spark_session
    from recsys.spark.source import SparkSource

    write_folder(movielens, tmp_path / "data")
    thin = np.random.default_rng(0).normal(size=(movielens.n_items, 8)).astype(np.float32)
    expected = CsrRatings(movielens).weighted(0.3).gram_product(thin)
    with running_cluster(tmp_path, n_workers=2) as cluster, spark_session(cluster.url, CONF) as session:
        ratings = read_ratings(session, tmp_path / "data", n_partitions=6)
        gram = SparkSource(ratings).weighted(0.3)
        np.testing.assert_allclose(gram.gram_product(thin), expected, rtol=1e-4, atol=1e-3)
        alive = session.sparkContext._jsc.sc().getExecutorMemoryStatus().size()
        assert alive == 3, "two executors and the driver"
        killing = threading.Timer(0.2, cluster.kill_worker, (0,))
        killing.start()
        # Blocks, and what was read for them, are lost with the worker and made again by the other one.
        for _ in range(5):
            np.testing.assert_allclose(gram.gram_product(thin), expected, rtol=1e-4, atol=1e-3)
        killing.join()
        assert cluster.processes[1].wait(60) != 0
        assert ratings.digest == open_dataset(tmp_path / "data").digest
