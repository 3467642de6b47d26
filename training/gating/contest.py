"""A contest between two versions: both fitted on the same training part, measured on the same holdout.

A registered version has been fitted on all ratings, so it has seen the holdout. What is compared is its recipe, fitted
again. Only where that cannot be done does the registered model itself compete; then the contest favors it, and says so.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from mlflow import MlflowClient
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.errors import DataError, ParameterError, RecsysError, RegistryError
from recsys.evaluation.report import Evaluation, evaluate
from recsys.evaluation.scorer import Scorer
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.model import Recommender
from recsys.model_version import ModelVersion
from recsys.recency import recent_popularity
from recsys.registry import Registry
from recsys.scorers import PopularFallback, scorer_of
from recsys.splits import Split
from recsys.storage import LOGGED_FOLDER, load_model


@dataclass(frozen=True, eq=False)
class Registered:
    """What can still be had of a registered version.

    Attributes
    ----------
    version
        Which one.
    method, params
        What it was made with; the method's name is empty when that is not to be had.
    model
        As it is served; None when its files cannot be read.
    problem
        Why they cannot be read, else empty.
    """

    version: ModelVersion
    method: str
    params: dict[str, object]
    model: Recommender | None
    problem: str = ""

    @property
    def label(self) -> str:
        """Return what people call it."""
        return f"version {self.version.version} ({self.method or 'method unknown'})"

    def recipe(self) -> Recipe:
        """Return the recipe.

        Raises
        ------
        ParameterError
            When this release knows no such method, or not with these parameters.
        """
        if not self.method:
            raise ParameterError(f"the method of version {self.version.version} is not on record")
        method = get_method(self.method)
        return Recipe(method.name, make_params(method, self.params))


def open_registered(registry: Registry, version: ModelVersion, folder: Path) -> Registered:
    """Return a version, its files fetched into a folder; where they are unreadable, its recipe from its run.

    Raises
    ------
    RegistryError
        When the tracking server does not answer at all.
    """
    try:
        model, info = load_model(registry.download(version, folder) / LOGGED_FOLDER)
    except (RecsysError, OSError) as error:
        registry.metadata()  # an unreachable registry is no damaged version
        method, params = _recipe_of_run(registry, version)
        return Registered(version, method, params, None, str(error))
    return Registered(version, info.method, dict(info.params), model)


def recipe_of(registry: Registry, version: ModelVersion) -> Recipe:
    """Return the recipe of a version.

    Raises
    ------
    ParameterError
        When this release cannot make it.
    """
    with tempfile.TemporaryDirectory() as scratch:
        return open_registered(registry, version, Path(scratch)).recipe()


def evaluate_recipe(recipe: Recipe, parts: Split) -> Evaluation:
    """Return how a recipe does, fitted on the training part."""
    return evaluate(scorer_of(recipe.recommender(parts.train)), parts)


def evaluate_as_registered(model: Recommender, parts: Split) -> Evaluation:
    """Return how a model does that has been fitted elsewhere, be it on another catalogue."""
    translated = TranslatedScorer(scorer_of(model).scorer, model.catalog, parts.train.catalog)
    return evaluate(PopularFallback(translated, recent_popularity(parts.train).shares), parts)


@dataclass(frozen=True, eq=False)
class TranslatedScorer:
    """Lets a scorer of one catalogue answer in terms of another; movies that it does not know score zero."""

    scorer: Scorer
    own: Catalog
    asked: Catalog

    def scores(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the scores, dense float32, (n_block, n_items) of the asked catalogue."""
        columns = self.own.find(self.asked.movie_ids)
        known = np.flatnonzero(columns >= 0)
        picked = histories[:, known].tocoo()
        shape = (histories.shape[0], self.own.n_items)
        translated = sp.csr_array((picked.data, (picked.row, columns[known][picked.col])), shape=shape)
        scores = np.zeros(histories.shape, dtype=np.float32)
        scores[:, known] = self.scorer.scores(translated)[:, columns[known]]
        return scores


@dataclass(frozen=True, eq=False)
class Measured:
    """How a registered version does on a split.

    Attributes
    ----------
    evaluation
        None when it cannot be measured.
    notes
        What a reader has to know about how it was measured.
    obstacle
        Why it could not be measured, else empty.
    """

    evaluation: Evaluation | None
    notes: tuple[str, ...] = ()
    obstacle: str = ""


def measure(registered: Registered, parts: Split) -> Measured:
    """Return how a version does, by its recipe refitted; where that is not possible, as it was registered."""
    name = f"version {registered.version.version}"
    notes = (f"the files of {name} cannot be read: {registered.problem}",) if registered.problem else ()
    try:
        return Measured(evaluate_recipe(registered.recipe(), parts), notes)
    except (ParameterError, DataError) as error:
        reason = str(error)
    if registered.model is None:
        return Measured(None, notes, f"{reason}, and its files cannot be read either")
    note = f"{name} cannot be refitted ({reason}), so it competes as registered, having seen the holdout"
    return Measured(evaluate_as_registered(registered.model, parts), (*notes, note))


def share_of_movies_kept(production: Catalog, candidate: Catalog) -> float:
    """Return the share of Production's movies that the candidate has under the same id and title."""
    rows = candidate.find(production.movie_ids)
    same = [row >= 0 and candidate.titles[row] == title for row, title in zip(rows, production.titles, strict=True)]
    return float(np.mean(same))


def _recipe_of_run(registry: Registry, version: ModelVersion) -> tuple[str, dict[str, object]]:
    """Return method and parameters as the run of a version has them; an empty name where it is gone."""
    try:
        with registry.registry_errors(f"the run of version {version.version}"):
            params = MlflowClient(tracking_uri=registry.tracking_uri).get_run(version.run_id).data.params
        method = get_method(params["method"])
    except (RegistryError, KeyError):
        return "", {}
    except ParameterError:
        return params["method"], {}
    return method.name, {name: params[name] for name in method.params_type.model_fields if name in params}
