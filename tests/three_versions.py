"""Register three versions of a model on a small dataset, as `training` does, but without experiments and pictures.

Versions 1 and 3 are content-cosine, 2 is content-jaccard, so that 1 and 2 give different answers.
"""

from pathlib import Path

import mlflow
from empty_store import write_empty_store

from recsys import pyfunc
from recsys.checksums import sha256_of, tree_sha256
from recsys.data import Dataset
from recsys.fitting import Recipe, as_recommender, model_info
from recsys.manifest import MANIFEST
from recsys.methods import get_method, make_params
from recsys.registry import Registry
from recsys.storage import LOGGED_FOLDER, save_model

METHODS = ("content-cosine", "content-jaccard", "content-cosine")


def make_three_versions(dataset: Dataset, home: Path) -> Registry:
    """Return the registry in ``mlflow.db`` of a folder, with the versions; their artifacts lie in ``mlruns``."""
    registry = Registry("movie-recommender", write_empty_store(home))
    mlflow.set_tracking_uri(registry.tracking_uri)
    experiment = mlflow.create_experiment("three versions", artifact_location=(home / "mlruns").as_uri())
    for number, method in enumerate(METHODS, start=1):
        recipe = Recipe(method, make_params(get_method(method), {}))
        recommender = as_recommender(recipe.fit(dataset), dataset)
        folder = home / f"saved-{number}" / LOGGED_FOLDER.name
        save_model(recommender, model_info(recipe, dataset), folder)
        with mlflow.start_run(experiment_id=experiment):
            logged = pyfunc.log_model(folder, recommender, name="model")
        fetched = registry.download_uri(logged.model_uri, home / f"fetched-{number}")
        sums = {
            "artifact_sha256": tree_sha256(fetched),
            "model_json_sha256": sha256_of(fetched / LOGGED_FOLDER / MANIFEST),
        }
        registry.register(logged.model_uri, {"method": method, **sums})
    # Else it would count for more than the environment in every test after this one.
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # takes back what was told
    return registry
