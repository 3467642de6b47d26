"""A promotion every second for a minute, under load, over versions that cannot be taken for one another."""

import asyncio
import json
import time
from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from builders import make_catalog, make_dataset
from load.clients import Load, Log, Question
from model_stores import add_version, make_store, recipe
from service_process import Service

from recsys.data import Dataset
from recsys.registry import Registry

pytestmark = pytest.mark.slow

SECONDS = 60
METHODS = ("content-cosine", "content-jaccard", "content-cosine", "content-jaccard", "content-cosine")
"""More versions than the cache keeps, so that some are fetched again and again."""

QUESTIONS: list[Question] = [
    ("/recommend", {"user_ratings": {"10": 5, "30": 3}, "n": 5}),
    ("/movies/10/similar?n=5", None),
    ("/movies/10", None),
    ("/movies/search?q=movie", None),
    ("/recommend", {"user_ratings": {}, "n": 3}),
    ("/invocations", {"dataframe_split": {"columns": ["movie_ids"], "data": [[[10, 30]]]}}),
]


def dataset_of(version: int) -> Dataset:
    """Return a dataset of which every movie's title tells the version, with one movie more in each."""
    genres = ("Action", "Comedy", "Drama", "Action|Comedy", "Comedy|Drama", "Action|Drama", "Action|Comedy|Drama")
    rows = [
        (number * 10, f"Movie {number} of {version} (1990)", 1990, genres[number * version % 7])
        for number in range(1, 8 + version)
    ]
    return make_dataset(make_catalog(rows), [(user, 10 * (user + version), 4.0) for user in range(1, 5)])


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry with a version for each of `METHODS`, version 1 promoted."""
    registry = make_store(tmp_path_factory.mktemp("registry"))
    for version, method in enumerate(METHODS, start=1):
        add_version(registry, dataset_of(version), recipe(method))
    registry.set_alias("Hasty", 1)
    return registry


@pytest.fixture(scope="module")
def services(start_service: Any, registry: Registry) -> list[Service]:
    """Return a service with one worker and one with four, each with a cache of its own."""
    started = [
        start_service(
            "Hasty",
            MLFLOW_TRACKING_URI=registry.tracking_uri,
            RECSYS_API__WORKERS=str(n_workers),
            RECSYS_MODEL__POLL_SECONDS="0.2",
        )
        for n_workers in (1, 4)
    ]
    for service, n_workers in zip(started, (1, 4), strict=True):
        service.wait_until(lambda found=service, wanted=n_workers: found.ask("/metrics").json["workers"] == wanted)
        service.wait_for_version("1")
    return started


@pytest.fixture(scope="module")
def known(services: list[Service], registry: Registry) -> dict[tuple[str, int], bytes]:
    """Return the answer of each version to each question, taken while nothing moved."""
    found = {}
    for version in map(str, range(1, len(METHODS) + 1)):
        registry.set_alias("Hasty", int(version))
        services[0].wait_for_version(version)
        for number, (path, body) in enumerate(QUESTIONS):
            answer = services[0].ask(path, body)
            assert (answer.status, answer.version) == (200, version)
            found[version, number] = answer.text.encode()
    return found


def test_answers_of_all_versions_tell_them_apart(known: dict[tuple[str, int], bytes]) -> None:
    assert len(set(known.values())) == len(METHODS) * len(QUESTIONS)
    for (version, _), body in known.items():
        content = json.loads(body)
        names = content if isinstance(content, list) else content.get("recommendations") or [content]
        titles = [name["title"] for name in names if "title" in name]
        titles += (
            [title for row in content["predictions"] for title in row["titles"]] if "predictions" in content else []
        )
        assert all(title.endswith(f" of {version} (1990)") for title in titles)


async def promote_each_second(registry: Registry, loads: list[Load]) -> list[Log]:
    """Move the alias once a second for a minute, and return what the clients got."""
    began = time.monotonic()
    for number, version in zip(range(1, SECONDS + 1), cycle((2, 3, 1, 4, 5, 1)), strict=False):
        await asyncio.to_thread(registry.set_alias, "Hasty", version)
        await asyncio.sleep(max(0.0, began + number - time.monotonic()))
    return [await load.finish() for load in loads]


def test_promotion_every_second_for_a_minute_fails_no_request_and_mixes_no_answer(
    services: list[Service], registry: Registry, known: dict[tuple[str, int], bytes]
) -> None:
    async def under_load() -> list[Log]:
        return await promote_each_second(
            registry,
            [
                Load(service.port, QUESTIONS, n_clients=3, keep_alive=keep_alive)
                for service in services
                for keep_alive in (True, False)
            ],
        )

    logs = asyncio.run(under_load())
    for log in logs:
        assert (log.cut, log.refused, log.statuses) == ([], 0, {200})
        mixed = [
            (reply.version, number, reply.body)
            for number, reply in log.replies
            if reply.body != known[reply.version, number]
        ]
        assert mixed == []
        assert Counter(reply.version for _, reply in log.replies).keys() == {"1", "2", "3", "4", "5"}
    for service in services:
        assert n_swaps(service.log) >= SECONDS // 4
        assert service.ask("/metrics").json["failed_requests"] == 0
        assert service.ask("/metrics").json["cache"]["hits"] > 0, "some answers came from the cache of answers"


def n_swaps(log: Path) -> int:
    """Return how often a service published another version."""
    return log.read_text().count(" is published")
