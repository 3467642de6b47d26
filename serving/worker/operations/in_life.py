"""How the served model is used: its age, and what its answers look like, by version."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serving.worker.loaded_model import LoadedModel
from serving.worker.metrics.by_version import HISTORY_BUCKETS, VersionTotals
from serving.worker.state import Services


@dataclass(frozen=True)
class ServedFacts:
    """What monitoring wants to know of the served model.

    Attributes
    ----------
    version
        Its number.
    created, newest_rating
        When it was registered, and the time of the newest rating that it knows, Unix time; None where not on record.
    n_movies
        Movies in its catalog.
    """

    version: str
    created: float | None
    newest_rating: float | None
    n_movies: int


def served_facts(services: Services, model: LoadedModel | None) -> ServedFacts | None:
    """Return the facts of the served model, None where there is none yet."""
    if model is None:
        return None
    listed = services.comparisons.version_list().find(int(model.version))
    created = datetime.fromisoformat(listed.created).timestamp() if listed else None
    return ServedFacts(model.version, created, model.newest_rating, model.catalog.n_items)


def describe_served(facts: ServedFacts | None) -> dict[str, Any] | None:
    """Return the ages of the served model as ``GET /metrics`` shows them."""
    if facts is None:
        return None
    return {
        "version": facts.version,
        "age_seconds": age(facts.created),
        "newest_rating_age_seconds": age(facts.newest_rating),
        "movies": facts.n_movies,
    }


def describe_totals(totals: VersionTotals, facts: ServedFacts | None) -> dict[str, Any]:
    """Return what a version has answered, with shares; they are null as long as there is nothing to take them of."""
    n_movies = facts.n_movies if facts and facts.version == totals.version else None
    bounds = (*(str(bound) for bound in HISTORY_BUCKETS), "more")
    return {
        "version": totals.version,
        "since_seconds": round(totals.age_seconds, 3),
        "answers": totals.answers,
        "popular_share": share(totals.popular, totals.answers),
        "unknown_movie_share": share(totals.unknown, totals.ratings),
        "mean_history_length": share(totals.ratings, totals.answers),
        "history_lengths": dict(zip(bounds, totals.histories, strict=True)),
        "distinct_movies": totals.movies,
        "coverage": share(totals.movies, n_movies) if n_movies else None,
    }


def age(moment: float | None) -> float | None:
    """Return how long ago a moment of the calendar was, seconds; None for none, 0 when this clock is behind it."""
    return None if moment is None else max(0.0, round(time.time() - moment, 3))


def share(part: float, whole: int) -> float | None:
    """Return the share of a part in a whole; None where there is no whole."""
    return round(part / whole, 6) if whole else None
