"""One experiment: fit on the training part, judge on the holdout, with the popularity baseline beside it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np
from loguru import logger
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.data.facts import RatingsFacts
from recsys.evaluation.bootstrap import Interval, paired_bootstrap
from recsys.evaluation.judged import HEADLINE_CUTOFF
from recsys.evaluation.ranking import RANKING_METRICS
from recsys.evaluation.relevance import relevance_metrics
from recsys.evaluation.report import Evaluation, evaluate
from recsys.evaluation.scorer import PopularityScorer, Scorer
from recsys.fitting import Recipe
from recsys.model import Recommender
from recsys.registry import HEADLINE
from recsys.scorers import scorer_of
from recsys.splits import SplitParams, split

BASELINE_SUFFIX = "_popularity"
"""Ends the names of the baseline's metrics, so that lists in alphabetical order show them beside the model's."""


RANDOM_SPLIT = "_random_split"
"""Ends the names of the metrics of the random split, where that is not the one that the run judges by."""
BESIDE = (
    HEADLINE,
    HEADLINE + BASELINE_SUFFIX,
    f"{HEADLINE}_lower",
    f"{HEADLINE}_upper",
    "ndcg_liked_at_10",
    "coverage_at_10",
)
"""What is shown of the random split beside another one."""

N_RESAMPLES = 2000
"""Draws of the bootstrap; the ends of an interval are then known to three decimals."""


class Parts(Protocol):
    """A split, wherever its ratings lie."""

    @property
    def train(self) -> RatingsFacts:
        """Return what the model was fitted on."""
        ...

    @property
    def holdout(self) -> RatingsFacts:
        """Return what it was judged by."""
        ...


@dataclass(frozen=True)
class MetricRow:
    """One metric of a model beside the baseline's.

    Attributes
    ----------
    name
        ``"ndcg_at_10"``.
    model, popularity
        Its values.
    interval, gain
        95% intervals of the model's value and of how much it lies above the baseline's (bootstrap over users, paired);
        None of metrics that are not a mean over users.
    """

    name: str
    model: float
    popularity: float
    interval: Interval | None
    gain: Interval | None


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an experiment has shown.

    Attributes
    ----------
    parts
        The split that it ran on; of one machine a `recsys.splits.Split`.
    model
        Fitted on the training part.
    evaluation, baseline
        Of the model and of popularity, on the same holdout users.
    fit_seconds, evaluate_seconds
        Wall-clock time of the fit, and of the model's evaluation.
    random_split
        Numbers of the same recipe on the random split, which compare with benchmarks; none where it is this one.
    """

    parts: Parts
    model: Recommender
    evaluation: Evaluation
    baseline: Evaluation
    fit_seconds: float
    evaluate_seconds: float
    random_split: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """Return all numbers by name, those of the baseline as ``ndcg_at_10_popularity``."""
        return {
            **self.own_metrics,
            **{name + BASELINE_SUFFIX: value for name, value in _metrics_of(self.baseline).items()},
        }

    @property
    def own_metrics(self) -> dict[str, float]:
        """Return the numbers of the model by name, the headline first: MLflow's pages show the first ones.

        Those of the random split beside another one are few: ``ndcg_at_10_random_split``.
        """
        ours = _metrics_of(self.evaluation)
        at_ten = [name for name in ours if name.endswith(f"_at_{HEADLINE_CUTOFF}")]
        order = dict.fromkeys([HEADLINE, *at_ten, *ours])
        seconds = {"fit_seconds": self.fit_seconds, "evaluate_seconds": self.evaluate_seconds}
        random_split = {name + RANDOM_SPLIT: value for name, value in self.random_split.items()}
        return {**{name: ours[name] for name in order}, **random_split, **self._ends, **seconds}

    @cached_property
    def _ends(self) -> dict[str, float]:
        """Return the ends of the interval of the headline, by which later versions are judged."""
        interval = _interval(self.evaluation.user_ndcg_at_10)
        return {f"{HEADLINE}_lower": interval.lower, f"{HEADLINE}_upper": interval.upper}

    @cached_property
    def rows(self) -> tuple[MetricRow, ...]:
        """Return every metric beside the baseline's, with its interval where it is a mean over users, at 10."""
        ours, theirs = (per_user_metrics(found) for found in (self.evaluation, self.baseline))
        rows = []
        for name in self.own_metrics:
            if name in self.baseline.metrics:
                interval = _interval(ours[name]) if name in ours else None
                gain = _interval(ours[name] - theirs[name]) if name in ours else None
                rows.append(MetricRow(name, self.evaluation.metrics[name], self.baseline.metrics[name], interval, gain))
        return tuple(rows)

    @property
    def headline(self) -> MetricRow:
        """Return the row of the headline metric."""
        return self.rows[0]


def run_experiment_beside_random(
    dataset: Dataset, recipe: Recipe, split_params: SplitParams, *, max_users: int | None = None
) -> Outcome:
    """Return how a recipe does on a split, and beside it on the random one, of the same size and seed."""
    at_random = split_params.model_copy(update={"strategy": "random"})
    beside: dict[str, float] = {}
    if split_params != at_random:
        # First, and its numbers alone: a second split of 25 million ratings and its model take 0.7 GB.
        metrics = run_experiment(dataset, recipe, at_random, max_users=max_users).metrics
        beside = {name: metrics[name] for name in BESIDE if name in metrics}
    return replace(run_experiment(dataset, recipe, split_params, max_users=max_users), random_split=beside)


def run_experiment(
    dataset: Dataset, recipe: Recipe, split_params: SplitParams, *, max_users: int | None = None
) -> Outcome:
    """Return how a recipe does on a split of a dataset, its histories weighed as the service weighs them.

    ``max_users`` evaluates a fixed sample of so many users, None all.
    """
    parts = split(dataset, split_params)
    return experiment_on(
        parts,
        recipe.method,
        dataset.n_ratings,
        fit=lambda: recipe.recommender(parts.train),
        evaluate=lambda scorer: evaluate(scorer, parts, max_users=max_users),
    )


def experiment_on(
    parts: Parts,
    method: str,
    n_ratings: int,
    *,
    fit: Callable[[], Recommender],
    evaluate: Callable[[Scorer], Evaluation],
) -> Outcome:
    """Return how a model and popularity do on a split, and how long it took, wherever the ratings lie."""
    logger.info("fitting {} on the training part of {:,} ratings", method, n_ratings)
    started = time.perf_counter()
    model = fit()
    fitted_at = time.perf_counter()
    logger.info("evaluating it, and popularity beside it")
    evaluation = evaluate(scorer_of(model))
    evaluated_at = time.perf_counter()
    return Outcome(
        parts=parts,
        model=model,
        evaluation=evaluation,
        baseline=evaluate(PopularityScorer(parts.train.popularity)),
        fit_seconds=fitted_at - started,
        evaluate_seconds=evaluated_at - fitted_at,
    )


def _metrics_of(evaluation: Evaluation) -> dict[str, float]:
    return {**relevance_metrics(evaluation), **evaluation.metrics}


def per_user_metrics(evaluation: Evaluation) -> dict[str, NDArray[np.float64]]:
    """Return the metrics that are means over users as ``ndcg_at_10``, float64, (n_users,) each."""
    judged = evaluation.judged
    return {
        f"{name}_at_{HEADLINE_CUTOFF}": metric(judged.hits, judged.n_relevant, HEADLINE_CUTOFF)
        for name, metric in RANKING_METRICS.items()
    }


def _interval(values: NDArray[np.float64]) -> Interval:
    return paired_bootstrap(values, np.zeros_like(values), n_resamples=N_RESAMPLES, rng=np.random.default_rng(0))
