"""What a worker costs on MovieLens 100K, or on the embedded sample where that is not there."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from load.connections import ask_once
from load.processes import mapped_kib, private_kib
from published_models import publish
from service_process import Service

from recsys.data import Dataset
from serving.shared.model_cache import ModelCache

pytestmark = pytest.mark.slow

N_WORKERS = 4
WEIGHTS = "item_weights.values.npy"
MOST_PRIVATE_KIB = 90 * 1024


@pytest.fixture(scope="module")
def service(start_service: Any, movielens: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """Return a service with four workers over a model with a full matrix."""
    cache = tmp_path_factory.mktemp("weighed") / "cache"
    publish(ModelCache(cache, "movie-recommender", "Weighed"), movielens, method="item-knn")
    started: Service = start_service(
        "Weighed", cache=cache, RECSYS_API__WORKERS=str(N_WORKERS), MLFLOW_TRACKING_URI="http://127.0.0.1:9"
    )
    started.wait_until(lambda: started.ask("/metrics").json["workers"] == N_WORKERS)
    return started


async def ask_all_sorts(port: int, movie_ids: list[int]) -> None:
    """Ask every route for every part of the model, over so many connections that each worker is asked."""
    half = len(movie_ids) // 2
    rated = [movie_ids[:half][:1000], movie_ids[half:][:1000]]
    for turn in range(60):
        wanted = [("/movies/search?q=the", None), ("/metrics", None), ("/health", None), ("/openapi.json", None)]
        wanted += [(f"/movies/{movie_id}/similar?n=50", None) for movie_id in movie_ids[turn::60]]
        wanted += [("/recommend", {"user_ratings": dict.fromkeys(map(str, rated[turn % 2]), 5), "n": 50})] * 4
        for first in range(0, len(wanted), 16):
            replies = await asyncio.gather(*(ask_once(port, path, body) for path, body in wanted[first : first + 16]))
            assert {reply.status for reply in replies} == {200}


def test_worker_has_little_memory_of_its_own_and_shares_the_model(service: Service, movielens: Dataset) -> None:
    asyncio.run(ask_all_sorts(service.port, movielens.catalog.movie_ids.tolist()))
    size_kib = next(Path(service.cache).glob(f"versions/**/{WEIGHTS}")).stat().st_size // 1024
    for worker in service.worker_pids:
        private, mapped = private_kib(worker), mapped_kib(worker, WEIGHTS)
        assert private <= MOST_PRIVATE_KIB, f"{private} KiB"
        assert mapped["Rss"] >= size_kib // 2, "the worker has looked at most of the model"
        assert mapped["Private_Dirty"] == mapped["Anonymous"] == 0
        assert mapped["Private_Clean"] <= mapped["Rss"] // 20, "others map the same pages"
        assert mapped["Pss"] <= mapped["Rss"] // 2
