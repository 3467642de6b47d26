"""The metrics of the served model and of its answers by version, in Prometheus' text format."""

import time
from collections.abc import Callable, Iterator, Sequence

from serving.worker.metrics.by_version import HISTORY_BUCKETS, VersionTotals
from serving.worker.metrics.exposition import Histogram, family, histograms
from serving.worker.operations.in_life import ServedFacts

Value = Callable[[VersionTotals], float]

TOTALS: tuple[tuple[str, str, str, Value], ...] = (
    ("recsys_recommendations_total", "counter", "Lists given.", lambda found: found.answers),
    (
        "recsys_recommendations_popular_total",
        "counter",
        "Lists of popular movies, as the history said nothing.",
        lambda found: found.popular,
    ),
    ("recsys_history_ratings_total", "counter", "Rated movies in the histories.", lambda found: found.ratings),
    (
        "recsys_history_unknown_total",
        "counter",
        "Rated movies that the version does not know.",
        lambda found: found.unknown,
    ),
    ("recsys_recommended_movies", "gauge", "Different movies in the lists so far.", lambda found: found.movies),
    (
        "recsys_version_first_answer_timestamp_seconds",
        "gauge",
        "When the version gave its first list.",
        lambda found: round(time.time() - found.age_seconds, 1),
    ),
)
HISTORIES = "recsys_history_length"


def served_families(served: ServedFacts | None) -> Iterator[Iterator[str]]:
    """Yield the metrics of the served model; what is not on record has no sample."""
    gauges = {
        "recsys_model_created_timestamp_seconds": ("When the served model was registered.", "created"),
        "recsys_model_newest_rating_timestamp_seconds": ("Time of the newest rating that it knows.", "newest_rating"),
        "recsys_model_movies": ("Movies in its catalog.", "n_movies"),
    }
    for name, (purpose, field) in gauges.items():
        value = getattr(served, field) if served else None
        samples = [] if served is None or value is None else [(_label(served.version), float(value))]
        yield family(name, "gauge", purpose, samples)


def version_families(totals: Sequence[VersionTotals]) -> Iterator[Iterator[str]]:
    """Yield the metrics of all versions that have given a list."""
    for name, kind, purpose, value in TOTALS:
        yield family(name, kind, purpose, [(_label(found.version), value(found)) for found in totals])
    yield _histories(totals)


def _histories(totals: Sequence[VersionTotals]) -> Iterator[str]:
    found = (Histogram(_label(one.version), one.histories, one.ratings, one.answers) for one in totals)
    return histograms(HISTORIES, "Rated movies in a history.", HISTORY_BUCKETS, found)


def _label(version: str) -> str:
    return f'version="{version}"'
