"""implicit: nearest neighbors, ALS, BPR."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender
from numpy.typing import NDArray

from benchmarks.leaderboard.exchange import N_LISTED, Ratings

MODELS = {
    "cosine": CosineRecommender,
    "tfidf": TFIDFRecommender,
    "bm25": BM25Recommender,
    "als": AlternatingLeastSquares,
    "bpr": BayesianPersonalizedRanking,
}


def prepare(ratings: Ratings, settings: dict[str, Any]) -> sp.csr_matrix:
    return ratings.matrix(binary=settings["binary"])


def fit(user_items: sp.csr_matrix, settings: dict[str, Any]) -> Any:
    params = {name: value for name, value in settings.items() if name not in ("model", "binary")}
    model = MODELS[settings["model"]](**params)
    model.fit(user_items, show_progress=False)
    return model


def recommend(model: Any, user_items: sp.csr_matrix) -> NDArray[np.int32]:
    item_indices, _ = model.recommend(np.arange(user_items.shape[0]), user_items, N=N_LISTED)
    return item_indices


def lists(answer: NDArray[np.int32], _user_items: sp.csr_matrix) -> NDArray[np.int64]:
    return answer.astype(np.int64)
