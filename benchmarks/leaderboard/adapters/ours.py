"""Our methods."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.exchange import N_LISTED, Ratings
from recsys.batch import recommend_all
from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.model import Recommender


def prepare(ratings: Ratings, _settings: dict[str, Any]) -> Dataset:
    dataset = Dataset(
        name="leaderboard",
        catalog=Catalog(
            movie_ids=ratings.movie_ids,
            titles=tuple(ratings.titles.tolist()),
            years=ratings.years,
            genres=ratings.genres,
            genre_names=tuple(map(str, range(ratings.genres.shape[1]))),
            imdb_urls=("",) * ratings.n_items,
        ),
        user_ids=np.arange(ratings.n_users),
        user_indices=ratings.user_indices,
        item_indices=ratings.item_indices,
        ratings=ratings.ratings,
        timestamps=ratings.timestamps,
    )
    assert dataset.user_items.nnz  # made here, outside the timed part, like the matrices of the peers
    return dataset


class Served(NamedTuple):
    """A model, and the rating from which on its histories count; None weighs them as the service does."""

    model: Recommender
    min_rating: float | None


def fit(dataset: Dataset, settings: dict[str, Any]) -> Served:
    """Fit a method. Settings beside its parameters: ``min_rating``, by default 0 as the protocol counts everything
    rated alike, and ``ever``, to fall back on what has been popular ever instead of lately.
    """
    params = dict(settings)
    method, min_rating, ever = get_method(params.pop("method")), params.pop("min_rating", 0), params.pop("ever", False)
    model = Recipe(method.name, make_params(method, params)).recommender(dataset)
    return Served(replace(model, recent=None) if ever else model, min_rating)


def recommend(served: Served, dataset: Dataset) -> NDArray[np.int64]:
    blocks = recommend_all(served.model, dataset.user_items, n=N_LISTED, min_rating=served.min_rating)
    return np.concatenate([block.item_indices for block in blocks])


def lists(answer: NDArray[np.int64], _dataset: Dataset) -> NDArray[np.int64]:
    return answer
