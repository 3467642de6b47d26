"""Lists for many users are those that each would get alone."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.batch import recommend_all
from recsys.data import Dataset
from recsys.filter import MovieFilter, allowed_movies
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params, method_names
from recsys.model import Recommender

HISTORIES = [{10: 5, 30: 1}, {}, {30: 1}, {10: 2}, {40: 4, 50: 3.5}, {60: 5}, {10: 1, 40: 1, 50: 3}]
OPTIONS = [
    {},
    {"min_rating": 3.5},
    {"min_rating": 0},
    {"diversity": 0.5},
    {"recency": 1.0},
    {"new": 1},
    {"new": 2, "diversity": 0.3, "n": 2},
    {"filter": MovieFilter(genres=("Comedy",))},
    {"filter": MovieFilter(exclude_movie_ids=(40,)), "new": 1},
]


def fit(method: str, dataset: Dataset) -> Recommender:
    chosen = get_method(method)
    return Recipe(method, make_params(chosen, {})).recommender(dataset)


def as_matrix(model: Recommender) -> sp.csr_array:
    stars = np.zeros((len(HISTORIES), model.catalog.n_items), np.float32)
    for row, history in enumerate(HISTORIES):
        for movie_id, value in history.items():
            stars[row, model.catalog.index_of(movie_id)] = value
    return sp.csr_array(stars)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("method", method_names())
@pytest.mark.parametrize("hidden", [[], [20]])
def test_recommend_all_gives_what_each_user_would_get(
    tiny: Dataset, method: str, options: dict[str, object], hidden: list[int]
) -> None:
    model = fit(method, tiny).hiding(hidden)
    allowed = allowed_movies(model.catalog, options.get("filter"))  # type: ignore[arg-type]
    others = {name: value for name, value in options.items() if name != "filter"}
    n = int(others.pop("n", 4))  # type: ignore[call-overload]
    (block,) = recommend_all(model, as_matrix(model), n=n, allowed=allowed, **others)  # type: ignore[arg-type]
    for row, history in enumerate(HISTORIES):
        alone = model.recommend(list(history), list(history.values()), **options | {"n": n})  # type: ignore[arg-type]
        kept = block.item_indices[row] >= 0
        assert block.item_indices[row][kept].tolist() == alone.item_indices.tolist()
        assert block.scores[row][kept].tolist() == pytest.approx(alone.scores.tolist(), abs=1e-6)
