"""The contest of two recipes: both fitted on the same training part, measured on the same holdout.

A registered version has been fitted on all ratings, so it has seen the holdout. What is compared is its recipe, fitted
again. Only where that cannot be done does the registered model itself compete; then the contest favors it, and says so.
"""

from dataclasses import dataclass

from recsys.errors import DataError, ParameterError
from recsys.evaluation.report import Evaluation, evaluate
from recsys.fitting import Recipe
from recsys.model import Recommender
from recsys.recency import recent_popularity
from recsys.scorers import PopularFallback, scorer_of
from recsys.splits import Split
from training.gating.registered import Registered
from training.gating.translation import TranslatedScorer


def evaluate_recipe(recipe: Recipe, parts: Split) -> Evaluation:
    """Return how a recipe does, fitted on the training part."""
    return evaluate(scorer_of(recipe.recommender(parts.train)), parts)


def evaluate_as_registered(model: Recommender, parts: Split) -> Evaluation:
    """Return how a model does that has been fitted elsewhere, be it on another catalog."""
    translated = TranslatedScorer(scorer_of(model).scorer, model.catalog, parts.train.catalog)
    return evaluate(PopularFallback(translated, recent_popularity(parts.train).shares), parts)


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
