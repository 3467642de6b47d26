"""The recommender for notebooks: ratings in, data frames out.

Movies are called by the ids of the source throughout, also where those are texts.
"""

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.locate import find_dataset
from recsys.data.policies import Policies
from recsys.fitting import Recipe, model_info
from recsys.methods import get_method, make_params
from recsys.movie_model import MovieModel
from recsys.parameters import validated
from recsys.scorers import scorer_of
from recsys.settings import read_settings
from recsys.splits import SplitParams
from recsys.splits import split as split_dataset
from recsys.storage import LOGGED_FOLDER, load_model

DEFAULT_METHOD = "hybrid"


def read_ratings(place: Path | str, *, duplicates: str = "", unknown_movies: str = "", scale: str = "") -> Dataset:
    """Return the ratings and movies in a place.

    Parameters
    ----------
    place
        A folder, a file, an archive or ``s3://bucket/prefix``, see docs/data.md; ``"sample"`` is the embedded sample.
    duplicates, unknown_movies, scale
        What to do with ratings that cannot be taken as they are, as the flags of ``python -m training train``.

    Raises
    ------
    DataError
        When nothing is there, or anything in it is wrong.
    """
    policies = Policies.parse(duplicates=duplicates, unknown_movies=unknown_movies, scale=scale)
    endpoint = read_settings().s3_endpoint_url
    return find_dataset(place, explicit=True, policies=policies, s3_endpoint_url=endpoint)


def fit(ratings: Dataset, method: str = DEFAULT_METHOD, **params: Any) -> MovieModel:
    """Return the model of a method fitted on all ratings; ``params`` are the method's own, by name.

    Raises
    ------
    ParameterError
        For a method or a parameter that there is not.
    """
    recipe = _recipe(method, params)
    return MovieModel(recipe.recommender(ratings), model_info(recipe, ratings))


def evaluate(
    ratings: Dataset,
    method: str = DEFAULT_METHOD,
    *,
    split: str = "random",
    holdout_ratio: float = 0.25,
    seed: int = 42,
    **params: Any,
) -> pd.Series:
    """Return the metrics of a method on a holdout, by name, as ``python -m training evaluate`` shows them.

    Raises
    ------
    ParameterError
        For a method, a split or a parameter that there is not.
    """
    from recsys.evaluation.report import evaluate as evaluate_scorer  # noqa: PLC0415 - loaded when it is used

    recipe = _recipe(method, params)
    chosen = {"strategy": split, "holdout_ratio": holdout_ratio, "seed": seed}
    parts = split_dataset(ratings, validated(SplitParams, chosen))
    found = evaluate_scorer(scorer_of(recipe.recommender(parts.train)), parts)
    return pd.Series(found.metrics, name=method)


def load(model: Path | str, *, tracking_uri: str | None = None) -> MovieModel:
    """Return a registered model, ``models:/NAME@ALIAS`` or ``models:/NAME/VERSION``, or that of a model folder.

    Parameters
    ----------
    tracking_uri
        Address of the registry; by default the one that MLflow has been told, else that of the settings.

    Raises
    ------
    RegistryError
        When the registry does not answer, or does not hold it.
    ArtifactError
        When the folder holds no model, or a file of it is missing or altered.
    """
    if not str(model).startswith("models:/"):
        return MovieModel(*load_model(Path(model).expanduser()))
    from recsys.fetching import fetch_version  # noqa: PLC0415 - imports MLflow, which takes seconds
    from recsys.registry import current_tracking_uri  # noqa: PLC0415
    from recsys.signatures import Signatures  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as scratch:
        settings = read_settings()
        address = tracking_uri or current_tracking_uri(settings)
        folder = fetch_version(str(model), address, Path(scratch), Signatures.of(settings.model))
        # what is mapped into memory stays readable after its file is gone
        return MovieModel(*load_model(folder / LOGGED_FOLDER))


def _recipe(method: str, params: dict[str, Any]) -> Recipe:
    found = get_method(method)
    return Recipe(found.name, make_params(found, params))
