"""How a history is weighed: forms of the weight of a rating, judged on validation parts of training ratings.

Each dataset is first cut down to its training part, random and temporal, so that no test rating is looked at. The
default method is fitted on three quarters of that, and each form is judged by nDCG@10 on the rest: with everything
rated as relevant, and with what is rated four stars or more. The last row is what the product does
(`recsys.history`). A second table tells how fast ratings should fade, for what is popular lately, over windows of
time of the training ratings.
"""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks.data import add_data_dir, open_data
from benchmarks.leaderboard.protocol import HEADLINE_SEED, leaderboard_split
from benchmarks.leaderboard.table import table
from recsys.data import Dataset
from recsys.data.sample import sample_dataset
from recsys.evaluation.report import evaluate
from recsys.fitting import Recipe
from recsys.history import rating_weights
from recsys.methods import get_method, make_params
from recsys.model import Recommender
from recsys.recency import recent_popularity
from recsys.scorers import PopularFallback, scorer_of
from recsys.splits import Split, SplitParams, split
from training.commands.shared_flags import DEFAULT_METHOD

Weight = Callable[[NDArray[np.float32]], NDArray[np.float32]]

FORMS: Mapping[str, Weight] = {
    "all alike, by the root of their stars": np.sqrt,
    "from 3.5 stars on": lambda stars: np.where(stars >= 3.5, np.sqrt(stars), 0),
    "stars - 1.5": lambda stars: stars - 1.5,
    "stars - 2": lambda stars: stars - 2,
    "stars - 2.5": lambda stars: stars - 2.5,
    "stars - 2, dislikes left out": lambda stars: np.maximum(stars - 2, 0),
    "sqrt(stars) - sqrt(1.7)": lambda stars: np.sqrt(stars) - np.float32(1.7**0.5),
    "log(stars / 1.5)": lambda stars: np.log(stars / np.float32(1.5)),
    "as served": lambda stars: rating_weights(stars, None, 1.0),
}
HALF_LIVES = (0.03, 0.05, 0.1, 0.2, 0.4)
WINDOWS = (0.5, 0.6, 0.7, 0.8, 0.9)
RELEVANT_STARS = (0.5, 4.0)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks histories", description=__doc__)
    add_data_dir(parser)
    parser.add_argument("--splits", type=int, default=2, help="random validation splits; default: 2")
    options = parser.parse_args(arguments)
    dataset, folder = open_data(options.data_dir)
    temporal = split(dataset, SplitParams(strategy="temporal")).train
    parts = {
        f"{dataset.name}, random": _random(leaderboard_split(dataset, folder, HEADLINE_SEED).train, options.splits),
        f"{dataset.name}, temporal": [split(temporal, SplitParams(strategy="temporal"))],
        "sample, random": _random(split(sample_dataset(), SplitParams()).train, options.splits),
    }
    print(render_forms(parts), end="\n\n")
    print(render_half_lives([window(temporal, start) for start in WINDOWS]))
    return 0


def _random(train: Dataset, n_splits: int) -> list[Split]:
    return [split(train, SplitParams(seed=100 + number)) for number in range(n_splits)]


def window(dataset: Dataset, start: float) -> Split:
    """Return the ratings up to a share of all, in the order of time, and the tenth of all that follows."""
    order = np.argsort(dataset.timestamps, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    low, high = int(start * len(order)), int((start + 0.1) * len(order))
    return Split(train=dataset.part(place < low), holdout=dataset.part((place >= low) & (place < high)))


@dataclass(frozen=True, eq=False)
class FormScorer:
    """Scores of a model whose histories are weighed by some form."""

    model: Recommender
    weight: Weight

    def scores(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the scores, float32, (n_block, n_items)."""
        weights = self.weight(histories.data).astype(np.float32)
        weighted = sp.csr_array((weights, histories.indices, histories.indptr), shape=histories.shape)
        # The scorer of everything rated alike leaves what it is given as it is, with an exponent of one.
        alike = scorer_of(replace(self.model, rating_exponent=1.0), min_rating=-np.inf, recency=0)
        return alike.scorer.scores(weighted)


def render_forms(parts: Mapping[str, Sequence[Split]]) -> str:
    """Return a row for each form and two columns for each kind of split."""
    values: dict[str, list[float]] = {form: [] for form in FORMS}
    for splits in parts.values():
        models = [_fitted(one.train) for one in splits]
        for form, weight in FORMS.items():
            for stars in RELEVANT_STARS:
                found = [
                    _ndcg(PopularFallback(FormScorer(model, weight), model.recent_popularity.shares), one, stars)
                    for model, one in zip(models, splits, strict=True)
                ]
                values[form].append(float(np.mean(found)))
    headings = ["a rating weighs", *(f"{name}, {what}" for name in parts for what in ("rated", "liked"))]
    return table(headings, [[form, *(f"{value:.4f}" for value in row)] for form, row in values.items()])


def render_half_lives(windows: Sequence[Split]) -> str:
    """Return a row for each half-life, in parts of all ratings, and a column for each window."""
    rows = []
    models = [_fitted(one.train) for one in windows]
    for half_life in HALF_LIVES:
        found = [
            _ndcg(_lately(model, one.train, half_life), one, RELEVANT_STARS[0])
            for model, one in zip(models, windows, strict=True)
        ]
        rows.append([str(half_life), *(f"{value:.4f}" for value in (*found, float(np.mean(found))))])
    return table(["half-life", *(f"from {start:g}" for start in WINDOWS), "mean"], rows)


def _lately(model: Recommender, train: Dataset, half_life: float) -> PopularFallback:
    return scorer_of(replace(model, recent=recent_popularity(train, half_life=half_life)))


def _fitted(train: Dataset) -> Recommender:
    return Recipe(DEFAULT_METHOD, make_params(get_method(DEFAULT_METHOD), {})).recommender(train)


def _ndcg(scorer: PopularFallback, parts: Split, relevant_stars: float) -> float:
    return evaluate(scorer, parts, cutoffs=(10,), relevant_stars=relevant_stars).metrics["ndcg_at_10"]
