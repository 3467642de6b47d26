"""Models in a cache as the sync would have put them there, and as MLflow saves them."""

from pathlib import Path

from recsys.checksums import tree_sha256
from recsys.data import Dataset
from recsys.fitting import Recipe, as_recommender, model_info
from recsys.methods import get_method, make_params
from recsys.storage import LOGGED_FOLDER, save_model
from serving.shared.cached_version import CachedVersion, utc_now
from serving.shared.fingerprint import fingerprint
from serving.shared.model_cache import ModelCache


def save_artifacts(dataset: Dataset, folder: Path, method: str) -> None:
    """Write a model's artifacts into a folder, without what MLflow adds."""
    recipe = Recipe(method, make_params(get_method(method), {}))
    recommender = as_recommender(recipe.fit(dataset), dataset)
    save_model(recommender, model_info(recipe, dataset), folder / LOGGED_FOLDER)


def saved_pyfunc(dataset: Dataset, method: str, scratch: Path) -> Path:
    """Return the folder of a model that MLflow has saved as a pyfunc, without the package that travels along."""
    import mlflow.pyfunc  # noqa: PLC0415  slow to import, and few tests need it

    from recsys import pyfunc  # noqa: PLC0415  brings MLflow as well

    save_artifacts(dataset, scratch, method)
    mlflow.pyfunc.save_model(
        scratch / "saved",
        python_model=str(pyfunc.MODEL_CODE),
        artifacts={pyfunc.ARTIFACT: str(scratch / LOGGED_FOLDER)},
        signature=pyfunc.SIGNATURE,
        pip_requirements=pyfunc.requirements(),
    )
    return scratch / "saved"


def publish(cache: ModelCache, dataset: Dataset, version: int = 1, method: str = "content-cosine") -> CachedVersion:
    """Fit a model and publish it as the version that is served."""
    stored = store(cache, dataset, version, method)
    cache.publish(stored)
    return stored


def store(cache: ModelCache, dataset: Dataset, version: int, method: str) -> CachedVersion:
    """Fit a model and put it into the cache as a version, without letting it be served."""
    with cache.scratch() as scratch:
        save_artifacts(dataset, scratch, method)
        sha256 = tree_sha256(scratch)
        folder = cache.folder_for(version, sha256)
        cache.store(scratch, folder, fingerprint(scratch))
    relative = str(folder.relative_to(cache.root))
    return CachedVersion("movie-recommender", version, f"run-{version}", relative, sha256, utc_now())
