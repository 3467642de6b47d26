"""When the service says where it listens: not before a question can be answered."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from loguru import logger
from published_models import publish

from recsys.data import Dataset
from recsys.settings import Settings
from serving.parent.announcement import Announcement
from serving.shared.model_cache import ModelCache

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def said() -> Iterator[list[str]]:
    lines: list[str] = []
    handler = logger.add(lambda message: lines.append(message.record["message"]), level="INFO")
    yield lines
    logger.remove(handler)


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    return ModelCache(tmp_path / "cache", "movie-recommender", "Production")


def announce(cache: ModelCache, looks: list[bool]) -> None:
    announcement = Announcement(Settings(), ADDRESS, cache, lambda: looks.pop(0))
    while looks:
        announcement.make_if_due()


def test_announcement_with_a_model_in_the_cache_is_made_at_once_and_once(cache, said, tiny: Dataset) -> None:
    publish(cache, tiny)
    announcement = Announcement(Settings(), ADDRESS, cache, lambda: False)
    for _ in range(3):
        announcement.make_if_due()
    assert said[0] == f"listening on {ADDRESS} with 1 worker"
    assert said[1].startswith("serving models:/movie-recommender@Production from ")
    assert len(said) == 4


def test_announcement_with_an_empty_cache_waits_for_the_first_model(cache, said, tiny: Dataset) -> None:
    announcement = Announcement(Settings(), ADDRESS, cache, lambda: False)
    for _ in range(3):
        announcement.make_if_due()
    assert said == ["fetching models:/movie-recommender@Production from the registry"]
    publish(cache, tiny)
    announcement.make_if_due()
    assert said[1] == f"listening on {ADDRESS} with 1 worker"


def test_announcement_when_the_first_look_finds_no_model_says_so(cache, said) -> None:
    announce(cache, [False, True])
    assert said[1] == f"listening on {ADDRESS} with 1 worker"
    assert said[2].startswith("there is no model yet: questions are answered 503 until models:/movie-recommender@Prod")
