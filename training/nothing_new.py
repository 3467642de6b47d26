"""Whether training would only make an equal version: same data, same recipe and seed, same code.

A version carries a fingerprint of all that it was made from. Where the fingerprint of what is about to be trained
stands on Production already, there is nothing to do; nor where it stands on the newest version, which the gate has
refused beside the same Production and with the same thresholds, for a schedule would make one like it every week.
"""

import hashlib
import json

from mlflow.tracking.context.registry import resolve_tags
from mlflow.utils.mlflow_tags import MLFLOW_GIT_COMMIT

from recsys import __version__
from recsys.alias.tag_names import machine_tag
from recsys.data.facts import RatingsFacts
from recsys.fitting import Recipe
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.gating.params import GateParams

FINGERPRINT_TAG = machine_tag("trained_from")
"""Tag of a version: the fingerprint of data, recipe, seed and code."""
JUDGED_TAG = machine_tag("judged_by")
"""Tag of a version: the fingerprint of the Production and the thresholds that the gate judged it by."""


def fingerprint_of(dataset: RatingsFacts, recipe: Recipe, seed: int) -> str:
    """Return 16 hexadecimal digits that change with the data, the recipe, the seed or the code."""
    made_from = {
        "digest": dataset.digest,
        "method": recipe.method,
        "params": recipe.params.model_dump(mode="json"),
        "seed": seed,
        "release": __version__,
        "commit": resolve_tags().get(MLFLOW_GIT_COMMIT, ""),
    }
    return _digest(made_from)


def judged_by(production: int | None, params: GateParams) -> str:
    """Return 16 hexadecimal digits that change with the served version or a threshold."""
    return _digest({"production": production, **params.model_dump(mode="json")})


def nothing_new(
    registry: Registry, production: ModelVersion | None, fingerprint: str, judged: str, *, scheduled: bool
) -> str:
    """Return in one sentence why there is nothing to train, else an empty text.

    Parameters
    ----------
    production
        The served version, None where there is none or its files are damaged.
    fingerprint, judged
        Of what is about to be trained, and of what the gate would judge it by.
    scheduled
        Whether a refused version counts as well: a person who trains again may have a reason.
    """
    if production is not None and production.tags.get(FINGERPRINT_TAG) == fingerprint:
        return (
            f"nothing new: version {production.version}, which is served, was trained from the same data by the same "
            "recipe, seed and code; --force trains all the same"
        )
    newest = next(iter(registry.versions()), None)
    tags = newest.tags if newest else {}
    if scheduled and newest and (tags.get(FINGERPRINT_TAG), tags.get(JUDGED_TAG)) == (fingerprint, judged):
        return (
            f"nothing new: version {newest.version} was trained from the same data by the same recipe, seed and code, "
            "and the gate has judged it beside the same Production; --force trains all the same"
        )
    return ""


def _digest(fields: dict[str, object]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]
