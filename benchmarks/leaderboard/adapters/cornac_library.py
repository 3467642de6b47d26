"""Cornac: EASE on binarised ratings, and BiVAE, the best of the published table."""

from typing import Any

import numpy as np
from cornac.data import Dataset
from cornac.models import EASE, BiVAECF
from numpy.typing import NDArray

from benchmarks.leaderboard.exchange import N_LISTED, Ratings, padded

MODELS = {"ease": EASE, "bivae": BiVAECF}


def prepare(ratings: Ratings, settings: dict[str, Any]) -> Dataset:
    stars = np.ones_like(ratings.ratings) if settings["binary"] else ratings.ratings
    rows = zip(ratings.user_indices.tolist(), ratings.item_indices.tolist(), stars.tolist(), strict=True)
    return Dataset.from_uir(list(rows), seed=42)


def fit(dataset: Dataset, settings: dict[str, Any]) -> Any:
    params = {name: value for name, value in settings.items() if name not in ("model", "binary")}
    return MODELS[settings["model"]](**params, seed=42, verbose=False).fit(dataset)


def recommend(model: Any, dataset: Dataset) -> dict[int, list[int]]:
    return {user: model.recommend(user, k=N_LISTED, remove_seen=True, train_set=dataset) for user in dataset.uid_map}


def lists(answer: dict[int, list[int]], _dataset: Dataset) -> NDArray[np.int64]:
    return padded([answer.get(user, []) for user in range(max(answer) + 1)])
