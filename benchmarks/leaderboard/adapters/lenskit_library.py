"""LensKit: item kNN, EASE and SLIM for implicit feedback."""

import os
from typing import Any

import numpy as np
import pandas as pd
from lenskit.batch import recommend as batch_recommend
from lenskit.data import Dataset, from_interactions_df
from lenskit.knn import EASEScorer, ItemKNNScorer, SLIMScorer
from lenskit.pipeline import Pipeline, topn_pipeline
from numpy.typing import NDArray

from benchmarks.leaderboard.exchange import N_LISTED, Ratings, padded

MODELS = {"item-knn": ItemKNNScorer, "ease": EASEScorer, "slim": SLIMScorer}


def prepare(ratings: Ratings, _settings: dict[str, Any]) -> Dataset:
    frame = pd.DataFrame({"user_id": ratings.user_indices, "item_id": ratings.item_indices})
    return from_interactions_df(frame)


def fit(dataset: Dataset, settings: dict[str, Any]) -> Pipeline:
    params = {name: value for name, value in settings.items() if name != "model"}
    pipeline = topn_pipeline(MODELS[settings["model"]](**params), n=N_LISTED)
    pipeline.train(dataset)
    return pipeline


def recommend(pipeline: Pipeline, dataset: Dataset) -> Any:
    return batch_recommend(pipeline, dataset.users.ids(), n=N_LISTED, n_jobs=1)


def lists(answer: Any, dataset: Dataset) -> NDArray[np.int64]:
    found = {int(key.user_id): items.ids().tolist() for key, items in answer}
    return padded([found.get(user, []) for user in range(int(max(dataset.users.ids())) + 1)])


os.environ.setdefault("LK_LOG_LEVEL", "error")
