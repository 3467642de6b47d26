"""RecTools: EASE and pure SVD."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import EASEModel, PureSVDModel

from benchmarks.leaderboard.exchange import N_LISTED, Ratings, padded

MODELS = {"ease": EASEModel, "pure-svd": PureSVDModel}


def prepare(ratings: Ratings, _settings: dict[str, Any]) -> Dataset:
    return Dataset.construct(
        pd.DataFrame(
            {
                Columns.User: ratings.user_indices,
                Columns.Item: ratings.item_indices,
                Columns.Weight: 1.0,
                Columns.Datetime: pd.to_datetime(ratings.timestamps, unit="s"),
            }
        )
    )


def fit(dataset: Dataset, settings: dict[str, Any]) -> Any:
    params = {name: value for name, value in settings.items() if name != "model"}
    return MODELS[settings["model"]](**params).fit(dataset)


def recommend(model: Any, dataset: Dataset) -> pd.DataFrame:
    return model.recommend(users=dataset.user_id_map.external_ids, dataset=dataset, k=N_LISTED, filter_viewed=True)


def lists(answer: pd.DataFrame, dataset: Dataset) -> NDArray[np.int64]:
    ranked = answer.sort_values([Columns.User, Columns.Rank])
    found = ranked.groupby(Columns.User)[Columns.Item].agg(list).to_dict()
    return padded([found.get(user, []) for user in range(int(dataset.user_id_map.external_ids.max()) + 1)])
