"""The benchmark of histories weighs as the product does where it says so, and looks at the past only."""

import numpy as np

from benchmarks.histories import FORMS, FormScorer, window
from recsys.data import Dataset
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.scorers import scorer_of


def test_form_as_served_gives_the_scores_of_the_product(movielens: Dataset) -> None:
    model = Recipe("item-knn", make_params(get_method("item-knn"), {})).recommender(movielens)
    histories = movielens.user_items[np.arange(20)]
    found = FormScorer(model, FORMS["as served"]).scores(histories)
    np.testing.assert_allclose(found, scorer_of(model).scorer.scores(histories), rtol=1e-4, atol=1e-5)


def test_window_holds_out_the_tenth_that_follows(movielens: Dataset) -> None:
    parts = window(movielens, 0.5)
    assert parts.train.n_ratings == movielens.n_ratings // 2
    assert abs(parts.holdout.n_ratings - movielens.n_ratings / 10) <= 1
    assert parts.train.timestamps.max() <= parts.holdout.timestamps.min()
