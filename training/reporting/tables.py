"""The tables of a run, as columns: sample lists, similar movies, slices."""

from typing import Any

import numpy as np

from recsys.evaluation.bootstrap import Interval
from recsys.evaluation.report import Evaluation
from recsys.model import Recommender
from recsys.titles import display_title
from training.experiment import Outcome
from training.reporting.tastes import TASTES, WELL_KNOWN, find_films

Table = dict[str, list[Any]]


def shown_titles(model: Recommender) -> list[str]:
    """Return the titles by row as people write them, ``"The Godfather (1972)"``."""
    return [display_title(title) for title in model.catalog.titles]


def sample_recommendations(model: Recommender, *, n: int = 10) -> Table:
    """Return what the model recommends to a few named tastes, a row for each movie.

    Of a taste with fewer than two of its films in the catalog no list is made.
    """
    rows = []
    catalog, titles = model.catalog, shown_titles(model)
    for taste, films in TASTES.items():
        liked = find_films(catalog, films)
        if len(liked) < 2:
            continue
        history = model.history(catalog.movie_ids[liked].tolist())
        answer = model.recommend_for(history, n=n)
        likes = "; ".join(titles[row] for row in liked)
        because = model.explain(answer.item_indices, history)
        for rank, (row, score, reasons) in enumerate(zip(answer.item_indices, answer.scores, because, strict=True), 1):
            why = "; ".join(titles[reason] for reason in reasons)
            rows.append((taste, rank, titles[row], round(float(score), 4), why, likes))
    return _columns(("taste", "rank", "title", "score", "because", "likes"), rows)


def similar_movies(model: Recommender, *, n: int = 10) -> Table:
    """Return the movies most similar to well-known ones, a row for each."""
    rows = []
    catalog, titles = model.catalog, shown_titles(model)
    for movie in find_films(catalog, WELL_KNOWN):
        similar, similarities = model.similar(int(catalog.movie_ids[movie]), n=n)
        for rank, (row, similarity) in enumerate(zip(similar, similarities, strict=True), 1):
            rows.append((titles[movie], rank, titles[row], round(float(similarity), 4)))
    return _columns(("movie", "rank", "similar", "similarity"), rows)


def metrics(outcome: Outcome) -> Table:
    """Return every metric beside the baseline's, at 10 with 95% intervals, a row for each."""
    rows = []
    for row in outcome.rows:
        ends = [_rounded(end) for found in (row.interval, row.gain) for end in _ends(found)]
        rows.append((row.name, _rounded(row.model), *ends[:2], _rounded(row.popularity), *ends[2:]))
    header = ("metric", "model", "from", "to", "popularity", "above popularity from", "above popularity to")
    return _columns(header, rows)


def _ends(interval: Interval | None) -> tuple[float, float]:
    return (interval.lower, interval.upper) if interval else (float("nan"), float("nan"))


def slices(evaluation: Evaluation, baseline: Evaluation) -> Table:
    """Return the quality by user activity and by movie popularity at 10, a row for each slice and metric."""
    rows = []
    for ours, theirs in zip(evaluation.slices, baseline.slices, strict=True):
        for metric, value in ours.metrics.items():
            numbers = (_rounded(value), _rounded(theirs.metrics[metric]))
            rows.append((ours.by, ours.label, ours.n_members, ours.n_relevant, metric, *numbers))
    return _columns(("by", "ratings in train", "members", "held-out ratings", "metric", "model", "popularity"), rows)


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)


def _columns(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Table:
    return {name: [row[position] for row in rows] for position, name in enumerate(names)}
