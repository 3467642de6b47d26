"""Apps over small models that lie in a cache as the sync would have put them there."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recsys.checksums import tree_sha256
from recsys.data import Dataset
from recsys.fitting import Recipe, as_recommender, model_info
from recsys.methods import get_method, make_params
from recsys.model import Recommender
from recsys.settings import ApiSettings, CacheSettings, CorsSettings, ModelSettings, Settings
from recsys.storage import LOGGED_FOLDER, save_model
from serving.app import create_app
from serving.model_cache import ModelCache
from serving.published import Published, utc_now

TOKEN = "a-token-of-the-tests"

Publish = Callable[..., Published]


def artifacts(dataset: Dataset, folder: Path, method: str = "content-cosine") -> Recommender:
    """Write a model's artifacts into a folder, without what MLflow adds, and return the model."""
    recipe = Recipe(method, make_params(get_method(method), {}))
    recommender = as_recommender(recipe.fit(dataset), dataset)
    save_model(recommender, model_info(recipe, dataset), folder / LOGGED_FOLDER)
    return recommender


@pytest.fixture
def model_cache(tmp_path: Path) -> ModelCache:
    """Return an empty cache."""
    return ModelCache(tmp_path / "cache", "movie-recommender", "Production")


@pytest.fixture
def publish(model_cache: ModelCache, tiny: Dataset) -> Publish:
    """Return a function that publishes a version, fitted on the tiny dataset unless another is given."""

    def publish_version(version: int, method: str = "content-cosine", dataset: Dataset | None = None) -> Published:
        with model_cache.scratch() as scratch:
            artifacts(dataset or tiny, scratch, method)
            sha256 = tree_sha256(scratch)
            folder = model_cache.folder_for(version, sha256)
            model_cache.store(scratch, folder)
        relative = str(folder.relative_to(model_cache.root))
        published = Published("movie-recommender", version, f"run-{version}", relative, sha256, utc_now())
        model_cache.publish(published)
        return published

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
