"""Questions to one loaded model, answered as JSON bytes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from recsys.filter import MovieFilter, allowed_movies
from recsys.history import History
from recsys.question import check_question
from recsys.reasons import Reasons
from recsys.recommendations import Recommendations
from serving.worker.loaded_model import LoadedModel
from serving.worker.schemas.question import Question

SCORE_DIGITS = 6


class Recommended(NamedTuple):
    """An answer to ``POST /recommend``, and what the metrics by version want to know of it.

    Attributes
    ----------
    body
        JSON.
    rows
        Of the catalog: the movies in the list.
    is_popular
        Whether they are popular ones, as the history said nothing.
    n_unknown
        Rated movies that the version does not know.
    """

    body: bytes
    rows: tuple[int, ...]
    is_popular: bool
    n_unknown: int


def recommend(model: LoadedModel, question: Question) -> Recommended:
    """Return the answer to ``POST /recommend``.

    Raises
    ------
    ParameterError
        When there are more places for new movies than places, or the filter names a genre that there is not.
    """
    if question.new:  # all else is checked by the schema
        check_question(n=question.n, new=question.new)
    recommender = model.recommender
    history = recommender.history_of(question.user_ratings, question.min_rating)
    found = recommender.recommend_for(
        history,
        n=question.n,
        diversity=question.diversity,
        recency=question.recency,
        new=question.new,
        allowed=allowed_movies(model.catalog, question.filter),
    )
    answer = {
        "recommendations": _recommended(model, found, history),
        "count": len(found.item_indices),
        "strategy": found.strategy,
        "unknown_movie_ids": found.unknown_movie_ids,
    }
    if question.new:
        rows = found.item_indices[len(found.item_indices) - found.n_new :].tolist()
        answer["new_movie_ids"] = [model.movie_ids[row] for row in rows]
    listed = tuple(found.item_indices.tolist())
    n_unknown = len(history.unknown_movie_ids)
    return Recommended(orjson.dumps(answer), listed, found.strategy == "popular", n_unknown)


def similar(model: LoadedModel, movie_id: int, n: int, wanted: MovieFilter | None = None) -> bytes:
    """Return the answer to ``GET /movies/{movie_id}/similar``.

    Raises
    ------
    UnknownMovieError
        When the model does not know the movie, or it is hidden.
    ParameterError
        When the filter names a genre that there is not.
    """
    row = model.recommender.shown_index_of(movie_id)
    allowed = allowed_movies(model.catalog, wanted)
    rows, similarities = model.recommender.similar_to(row, n, allowed)
    found = [
        {**movie_name(model, row), "similarity": similarity}
        for row, similarity in zip(rows.tolist(), _rounded(similarities), strict=True)
    ]
    answer = {"query_movie": movie_name(model, row), "similar_movies": found, "count": len(found)}
    if allowed is not None and wanted is not None and wanted.candidate_movie_ids is not None:
        answer["unknown_movie_ids"] = allowed.unknown_movie_ids
    return orjson.dumps(answer)


def details(model: LoadedModel, movie_id: int) -> bytes:
    """Return the answer to ``GET /movies/{movie_id}``.

    Raises
    ------
    UnknownMovieError
        When the model does not know the movie, or it is hidden.
    """
    return orjson.dumps(movie_details(model, model.recommender.shown_index_of(movie_id)))


def several(model: LoadedModel, movie_ids: Sequence[int]) -> bytes:
    """Return the answer to ``GET /movies``."""
    rows = model.catalog.find(np.array(movie_ids, dtype=np.int64))
    hidden = model.recommender.hidden
    if hidden is not None:
        rows[hidden[rows]] = -1  # the last row where a movie is not known, which changes nothing
    found = {
        "movies": [movie_details(model, row) for row in rows[rows >= 0].tolist()],
        "unknown_movie_ids": sorted({movie_ids[position] for position in np.flatnonzero(rows < 0).tolist()}),
    }
    return orjson.dumps(found)


def search(model: LoadedModel, query: str, limit: int) -> bytes:
    """Return the answer to ``GET /movies/search``."""
    return orjson.dumps([movie_name(model, row) for row in model.titles.search(query, limit, model.recommender.hidden)])


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


def _recommended(model: LoadedModel, found: Recommendations, history: History) -> list[dict[str, Any]]:
    rows = found.item_indices.tolist()
    if found.strategy == "personal":
        reasons = model.recommender.reasons(found.item_indices, history)
    else:
        reasons = Reasons([[]] * len(rows), [[]] * len(rows), [None] * len(rows))
    ids, titles, years = model.movie_ids, model.catalog.titles, model.years
    # Spelled out, as this is where most of the time of an answer goes.
    listed = [
        {
            "movie_id": ids[row],
            "title": titles[row],
            "year": years[row],
            "predicted_score": score,
            "because": [ids[reason] for reason in because],
            "because_shares": shares,
        }
        for row, score, because, shares in zip(
            rows, _rounded(found.scores), reasons.because, reasons.shares, strict=True
        )
    ]
    if len(history.item_indices) > history.n_liked:
        for movie, despite in zip(listed, reasons.despite, strict=True):
            if despite is not None:
                movie["despite"] = ids[despite]
    return listed


def _rounded(values: np.ndarray[Any, np.dtype[np.float32]]) -> list[float]:
    rounded: list[float] = values.astype(np.float64).round(SCORE_DIGITS).tolist()
    return rounded
