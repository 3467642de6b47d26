"""Our methods, and popularity."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.exchange import N_LISTED, Ratings
from recsys.batch import recommend_all
from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.evaluation.scorer import PopularityScorer
from recsys.fitting import as_recommender
from recsys.methods import get_method, make_params
from recsys.top_k import mask_seen, top_items

POPULARITY = "popularity"


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


def fit(dataset: Dataset, settings: dict[str, Any]) -> Any:
    name, params = settings["method"], {key: value for key, value in settings.items() if key != "method"}
    if name == POPULARITY:
        return PopularityScorer(np.bincount(dataset.item_indices, minlength=dataset.n_items))
    method = get_method(name)
    return as_recommender(method.fit(dataset, make_params(method, params)), dataset)


def recommend(model: Any, dataset: Dataset) -> NDArray[np.int64]:
    histories = dataset.user_items
    if isinstance(model, PopularityScorer):
        return top_items(mask_seen(model.scores(histories), histories), N_LISTED).item_indices
    blocks = recommend_all(model, histories, n=N_LISTED, min_rating=0)
    return np.concatenate([block.item_indices for block in blocks])


def lists(answer: NDArray[np.int64], _dataset: Dataset) -> NDArray[np.int64]:
    return answer
