import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from published_models import store
from starlette.testclient import TestClient

from recsys.data import Dataset
from serving.shared.cached_version import CachedVersion
from serving.shared.model_cache import ModelCache
from serving.worker.served_model import ServedModel

Publish = Callable[..., CachedVersion]


def wait_for_version(client: TestClient, version: str) -> None:
    deadline = time.monotonic() + 600
    while client.get("/health/live").headers["X-Model-Version"] != version:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_app_follows_the_pointer(client: TestClient, publish: Publish) -> None:
    publish(2, "content-jaccard")
    wait_for_version(client, "2")


def test_version_with_a_pipe_among_its_files_holds_up_no_later_one(
    client: TestClient, model_cache: ModelCache, publish: Publish, tiny: Dataset
) -> None:
    stored = store(model_cache, tiny, 2, "content-jaccard")
    victim = next((model_cache.root / stored.folder).rglob("popularity.npy"))
    victim.unlink()
    os.mkfifo(victim)
    model_cache.publish(stored)
    deadline = time.monotonic() + 600
    while "neither a file nor a folder" not in (client.get("/health").json()["reason"] or ""):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert client.get("/health/live").headers["X-Model-Version"] == "1"
    publish(3)
    wait_for_version(client, "3")


def test_cached_answer_of_an_old_version_is_not_given_for_the_new(client: TestClient, publish: Publish) -> None:
    before = client.get("/movies/20/similar")
    publish(2, "content-jaccard")
    wait_for_version(client, "2")
    after = client.get("/movies/20/similar")
    assert after.headers["X-Model-Version"] == "2"
    assert after.json()["similar_movies"] != before.json()["similar_movies"]


def test_no_answer_is_lost_or_mixed_while_versions_change(client: TestClient, publish: Publish) -> None:
    expected = {"1": client.get("/movies/20/similar").json()}
    publish(2, "content-jaccard")
    wait_for_version(client, "2")
    expected["2"] = client.get("/movies/20/similar").json()

    seen = ["2"]

    def swap() -> None:
        for number in range(6):
            publish(1 + number % 2, "content-cosine" if number % 2 == 0 else "content-jaccard")
            deadline = time.monotonic() + 600
            while seen[-1] != str(1 + number % 2) and time.monotonic() < deadline:
                time.sleep(0.01)

    with ThreadPoolExecutor(1) as pool:
        swapping = pool.submit(swap)
        while not swapping.done():
            answer = client.get("/movies/20/similar")
            assert answer.status_code == 200
            assert answer.json() == expected[answer.headers["X-Model-Version"]]
            seen.append(answer.headers["X-Model-Version"])
        swapping.result()
    turns = [version for version, before in zip(seen[1:], seen, strict=False) if version != before]
    assert turns == ["1", "2"] * 3


def test_refresh_unloadable_version_keeps_the_old_one(model_cache: ModelCache, publish: Publish) -> None:
    publish(1)
    served = ServedModel(model_cache)
    served.refresh()
    second = publish(2)
    shutil.rmtree(model_cache.root / second.folder)
    served.refresh()
    assert served.current is not None
    assert served.current.version == "1"


def test_refresh_later_repaired_version_is_loaded(model_cache: ModelCache, publish: Publish) -> None:
    first = publish(1)
    shutil.rmtree(model_cache.root / first.folder)
    served = ServedModel(model_cache)
    served.refresh()
    assert served.current is None
    publish(1)
    served.refresh()
    assert served.current is not None
