"""The questions that are asked: histories of real users, the same for every server."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.data import Dataset

N_QUESTIONS = 2000
"""Many times what the cache of answers holds, and asked in turn, so that the cache hardly ever answers."""


@dataclass(frozen=True)
class Questions:
    """The same questions in the words of the two protocols; each a file with a JSON body on every line."""

    ours: Path
    mlflow: Path
    ours_once: Path
    mlflow_similar: Path


def write_questions(dataset: Dataset, n_ratings: int, similar_to: int, folder: Path) -> Questions:
    """Write the questions: ``n_ratings`` random ratings of a random user each, or all where he has fewer."""
    histories = list(draw_histories(dataset, n_ratings))
    similar = _scoring({"columns": ["movie_ids"], "data": [[[similar_to]]]}, mode="similar")
    return Questions(
        ours=_write(folder / "ours.jsonl", map(our_question, histories)),
        mlflow=_write(folder / "mlflow.jsonl", map(mlflow_question, histories)),
        ours_once=_write(folder / "ours_once.jsonl", [our_question(histories[0])]),
        mlflow_similar=_write(folder / "mlflow_similar.jsonl", [similar]),
    )


def draw_histories(dataset: Dataset, n_ratings: int) -> Iterator[dict[int, float]]:
    """Yield histories, each movie id -> stars."""
    rng = np.random.default_rng(42)
    ratings, movie_ids = dataset.user_items, dataset.catalog.movie_ids
    for user in rng.integers(dataset.n_users, size=N_QUESTIONS).tolist():
        stored = np.arange(ratings.indptr[user], ratings.indptr[user + 1])
        chosen = np.sort(rng.permutation(stored)[:n_ratings])
        yield dict(zip(movie_ids[ratings.indices[chosen]].tolist(), ratings.data[chosen].tolist(), strict=True))


def our_question(history: dict[int, float]) -> dict[str, Any]:
    return {"user_ratings": {str(movie_id): stars for movie_id, stars in history.items()}, "n": 10}


def mlflow_question(history: dict[int, float]) -> dict[str, Any]:
    return _scoring({"columns": ["movie_ids", "ratings"], "data": [[list(history), list(history.values())]]})


def _scoring(table: dict[str, Any], **params: Any) -> dict[str, Any]:
    return {"dataframe_split": table, "params": {"n": 10, **params}}


def _write(path: Path, bodies: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies), encoding="utf-8")
    return path
