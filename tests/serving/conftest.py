"""Apps over small models that lie in a cache as the sync would have put them there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from published_models import publish as publish_model
from starlette.testclient import TestClient

from recsys.data import Dataset
from recsys.setting_groups import ApiSettings, CacheSettings, CorsSettings, ModelSettings
from recsys.settings import Settings
from serving.shared.cached_version import CachedVersion
from serving.shared.model_cache import ModelCache
from serving.worker.app import create_app

TOKEN = "a-token-of-the-tests"

Publish = Callable[..., CachedVersion]


@pytest.fixture
def model_cache(tmp_path: Path) -> ModelCache:
    """Return an empty cache."""
    return ModelCache(tmp_path / "cache", "movie-recommender", "Production")


@pytest.fixture
def publish(model_cache: ModelCache, tiny: Dataset) -> Publish:
    """Return a function that publishes a version, fitted on the tiny dataset unless another is given."""

    def publish_version(version: int, method: str = "content-cosine", dataset: Dataset | None = None) -> CachedVersion:
        return publish_model(model_cache, dataset or tiny, version, method)

    return publish_version


@pytest.fixture
def settings(model_cache: ModelCache) -> Settings:
    """Return settings of a service over the cache."""
    return Settings(
        model=ModelSettings(cache_dir=model_cache.root),
        api=ApiSettings(admin_token=TOKEN),
        cors=CorsSettings(origins=("https://films.example",)),
        cache=CacheSettings(maxsize=3),
    )


@pytest.fixture
def empty_client(settings: Settings) -> TestClient:
    """Return a client of an app without a model."""
    return TestClient(create_app(settings), raise_server_exceptions=False)


@pytest.fixture
def client(settings: Settings, publish: Publish) -> Iterator[TestClient]:
    """Return a client of an app that serves version 1, fitted on the tiny dataset."""
    publish(1)
    with TestClient(create_app(settings), raise_server_exceptions=False) as connected:
        yield connected
