"""Names by which people tell runs and models apart: the method, the data, and what differs from the defaults."""

import re

from recsys.data.facts import RatingsFacts
from recsys.fitting import Recipe
from recsys.methods import get_method
from recsys.splits import SplitParams

LONGEST = 120


def run_name(dataset: RatingsFacts, recipe: Recipe, split_params: SplitParams) -> str:
    """Return such as ``"hybrid on ml-100k, seed 7, l2=300"``."""
    parts = [f"{recipe.method} on {dataset.name}", *_split_differences(split_params), *differences(recipe)]
    return _shortened(", ".join(parts))


def trial_name(number: int, recipe: Recipe) -> str:
    """Return the name of a trial, counted from 1: ``"trial 3: item-knn, shrinkage=20"``."""
    return _shortened(", ".join([f"trial {number}: {recipe.method}", *differences(recipe)]))


def model_name(dataset: RatingsFacts, recipe: Recipe) -> str:
    """Return the name of a logged model, of the characters that MLflow takes: ``"ease-on-ml-100k-l2-300"``."""
    told = "-".join([f"{recipe.method} on {dataset.name}", *differences(recipe)])
    return re.sub(r"[^\w-]+", "-", told).strip("-")[:LONGEST]


def differences(recipe: Recipe) -> list[str]:
    """Return the parameters that are not the defaults of the method, as ``NAME=VALUE``."""
    usual = get_method(recipe.method).params_type().model_dump(mode="json")
    chosen = recipe.params.model_dump(mode="json")
    return [f"{name}={_number(value)}" for name, value in chosen.items() if value != usual[name]]


def _split_differences(params: SplitParams) -> list[str]:
    usual = SplitParams()
    told = []
    if params.strategy != usual.strategy:
        told.append(f"{params.strategy} split")
    if params.holdout_ratio != usual.holdout_ratio:
        told.append(f"holdout {params.holdout_ratio:g}")
    if params.seed != usual.seed:
        told.append(f"seed {params.seed}")
    return told


def _number(value: object) -> object:
    return f"{value:g}" if isinstance(value, float) else value


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..."
