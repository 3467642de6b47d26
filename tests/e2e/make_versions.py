"""Register three versions of a model on a small dataset, as `training` does, but without experiments and pictures.

Run in the folder that is to hold the registry. Prints nothing; versions 1 and 3 are content-cosine, 2 is
content-jaccard, so that 1 and 2 give different answers.
"""

import sys
from pathlib import Path

import mlflow

from recsys import pyfunc
from recsys.checksums import sha256_of, tree_sha256
from recsys.data import open_dataset
from recsys.fitting import Recipe, as_recommender, model_info
from recsys.methods import get_method, make_params
from recsys.registry import Registry
from recsys.storage import LOGGED_FOLDER, MANIFEST, save_model

METHODS = ("content-cosine", "content-jaccard", "content-cosine")


def main(data_dir: str) -> None:
    """Register the versions in ``mlflow.db`` of the working folder."""
    mlflow.set_tracking_uri("sqlite:///mlflow.db")
    registry = Registry("movie-recommender", "sqlite:///mlflow.db")
    dataset = open_dataset(Path(data_dir))
    for number, method in enumerate(METHODS, start=1):
        recipe = Recipe(method, make_params(get_method(method), {}))
        recommender = as_recommender(recipe.fit(dataset), dataset)
        folder = Path(f"saved-{number}") / LOGGED_FOLDER.name
        save_model(recommender, model_info(recipe, dataset), folder)
        with mlflow.start_run():
            logged = pyfunc.log_model(folder, recommender, name="model")
        fetched = registry.download_uri(logged.model_uri, Path(f"fetched-{number}"))
        sums = {
            "artifact_sha256": tree_sha256(fetched),
            "model_json_sha256": sha256_of(fetched / LOGGED_FOLDER / MANIFEST),
        }
        registry.register(logged.model_uri, {"method": method, **sums})


if __name__ == "__main__":
    main(sys.argv[1])
