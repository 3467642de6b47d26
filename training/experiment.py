"""One experiment: fit on the training part, judge on the holdout, with the popularity baseline beside it."""

import time
from dataclasses import dataclass

from recsys.data.dataset import Dataset
from recsys.evaluation.report import Evaluation, evaluate
from recsys.evaluation.scorer import PopularityScorer
from recsys.fitting import Recipe
from recsys.model import Recommender
from recsys.scorers import scorer_of
from recsys.splits import Split, SplitParams, split

BASELINE_SUFFIX = "_popularity"
"""Ends the names of the baseline's metrics, so that lists in alphabetical order show them beside the model's."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an experiment has shown.

    Attributes
    ----------
    parts
        The split that it ran on.
    model
        Fitted on the training part.
    evaluation, baseline
        Of the model and of popularity, on the same holdout users.
    fit_seconds, evaluate_seconds
        Wall-clock time of the fit, and of the model's evaluation.
    """

    parts: Split
    model: Recommender
    evaluation: Evaluation
    baseline: Evaluation
    fit_seconds: float
    evaluate_seconds: float

    @property
    def metrics(self) -> dict[str, float]:
        """Return all numbers by name, those of the baseline as ``ndcg_at_10_popularity``."""
        return {
            **self.evaluation.metrics,
            **{name + BASELINE_SUFFIX: value for name, value in self.baseline.metrics.items()},
            "fit_seconds": self.fit_seconds,
            "evaluate_seconds": self.evaluate_seconds,
        }


def run_experiment(dataset: Dataset, recipe: Recipe, split_params: SplitParams) -> Outcome:
    """Return how a recipe does on a split of a dataset, its histories weighed as the service weighs them."""
    parts = split(dataset, split_params)
    started = time.perf_counter()
    model = recipe.recommender(parts.train)
    fitted_at = time.perf_counter()
    evaluation = evaluate(scorer_of(model), parts)
    evaluated_at = time.perf_counter()
    return Outcome(
        parts=parts,
        model=model,
        evaluation=evaluation,
        baseline=evaluate(PopularityScorer(parts.train.popularity), parts),
        fit_seconds=fitted_at - started,
        evaluate_seconds=evaluated_at - fitted_at,
    )
