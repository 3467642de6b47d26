"""Questions to one loaded model, answered as JSON bytes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from recsys.model import Recommendations
from serving.worker.loaded_model import LoadedModel
from serving.worker.schemas import Question

SCORE_DIGITS = 6


def recommend(model: LoadedModel, question: Question) -> bytes:
    """Return the answer to ``POST /recommend``."""
    history = model.recommender.history_of(question.user_ratings, question.min_rating)
    found = model.recommender.recommend_for(history, n=question.n, diversity=question.diversity)
    reasons: list[list[int]] = [[]] * len(found.item_indices)
    if found.strategy == "personal":
        explained = model.recommender.explain(found.item_indices, history)
        reasons = [[model.movie_ids[row] for row in rows] for rows in explained]
    return orjson.dumps(_recommendations(model, found, reasons))


def similar(model: LoadedModel, movie_id: int, n: int) -> bytes:
    """Return the answer to ``GET /movies/{movie_id}/similar``.

    Raises
    ------
    UnknownMovieError
        When the model does not know the movie.
    """
    rows, similarities = model.recommender.similar(movie_id, n=n)
    found = [
        {**movie_name(model, row), "similarity": similarity}
        for row, similarity in zip(rows.tolist(), _rounded(similarities), strict=True)
    ]
    query = movie_name(model, model.catalog.index_of(movie_id))
    return orjson.dumps({"query_movie": query, "similar_movies": found, "count": len(found)})


def details(model: LoadedModel, movie_id: int) -> bytes:
    """Return the answer to ``GET /movies/{movie_id}``.

    Raises
    ------
    UnknownMovieError
        When the model does not know the movie.
    """
    return orjson.dumps(movie_details(model, model.catalog.index_of(movie_id)))


def several(model: LoadedModel, movie_ids: Sequence[int]) -> bytes:
    """Return the answer to ``GET /movies``."""
    rows = model.catalog.find(np.array(movie_ids, dtype=np.int64))
    found = {
        "movies": [movie_details(model, row) for row in rows[rows >= 0].tolist()],
        "unknown_movie_ids": sorted({movie_ids[position] for position in np.flatnonzero(rows < 0).tolist()}),
    }
    return orjson.dumps(found)


def search(model: LoadedModel, query: str, limit: int) -> bytes:
    """Return the answer to ``GET /movies/search``."""
    return orjson.dumps([movie_name(model, row) for row in model.titles.search(query, limit)])


def movie_details(model: LoadedModel, row: int) -> dict[str, Any]:
    """Return all that is known of a movie."""
    return {
        **movie_name(model, row),
        "genres": model.catalog.genres_of(row),
        "imdb_url": model.catalog.imdb_urls[row] or None,
        "n_ratings": int(model.recommender.popularity[row]),
    }


def movie_name(model: LoadedModel, row: int) -> dict[str, Any]:
    """Return a movie in short."""
    return {
        "movie_id": model.movie_ids[row],
        "title": model.catalog.titles[row],
        "year": model.years[row],
    }


def _recommendations(model: LoadedModel, found: Recommendations, reasons: list[list[int]]) -> dict[str, Any]:
    rows = found.item_indices.tolist()
    listed = [
        {**movie_name(model, row), "predicted_score": score, "because": because}
        for row, score, because in zip(rows, _rounded(found.scores), reasons, strict=True)
    ]
    return {
        "recommendations": listed,
        "count": len(listed),
        "strategy": found.strategy,
        "unknown_movie_ids": found.unknown_movie_ids,
    }


def _rounded(values: np.ndarray[Any, np.dtype[np.float32]]) -> list[float]:
    return [round(value, SCORE_DIGITS) for value in values.tolist()]
