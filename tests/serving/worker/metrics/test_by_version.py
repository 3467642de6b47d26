"""What is counted by version, over several workers and versions."""

import os
import random
from collections.abc import Iterator

import pytest

from serving.shared.board import Board, create_memory
from serving.worker.metrics.as_json import metrics_json
from serving.worker.metrics.by_version import MAP_BITS, PLACES, VersionMetrics
from serving.worker.metrics.counters import Metrics
from serving.worker.metrics.version_families import served_families, version_families
from serving.worker.operations.in_life import ServedFacts


@pytest.fixture
def descriptor() -> Iterator[int]:
    made = create_memory(2)
    yield made
    os.close(made)


def count(metrics: VersionMetrics, version: str, rows: list[int], **changes: int | bool) -> None:
    given = {"n_ratings": 3, "n_unknown": 1, "is_popular": False, **changes}
    metrics.count(version, rows=rows, **given)  # type: ignore[arg-type]


def test_totals_are_summed_over_workers_and_movies_counted_once(descriptor: int) -> None:
    first, second = (VersionMetrics(Board(descriptor, 2), slot) for slot in (0, 1))
    count(first, "7", [0, 1, 2])
    count(second, "7", [2, 3], n_ratings=0, n_unknown=0, is_popular=True)
    count(second, "8", [5])
    seven, eight = first.totals()
    assert (seven.version, seven.answers, seven.popular, seven.ratings, seven.unknown) == ("7", 2, 1, 3, 1)
    assert seven.movies == 4
    assert seven.histories[:4] == (1, 0, 0, 1)
    assert (eight.version, eight.answers, eight.movies) == ("8", 1, 1)


def test_worker_that_replaces_another_goes_on_in_its_row(descriptor: int) -> None:
    count(VersionMetrics(Board(descriptor, 2), 0), "7", [1])
    successor = VersionMetrics(Board(descriptor, 2), 0)
    count(successor, "7", [1, 4])
    (seven,) = successor.totals()
    assert (seven.answers, seven.movies) == (2, 2)


def test_new_version_takes_the_place_of_the_longest_unused_one(descriptor: int) -> None:
    metrics = VersionMetrics(Board(descriptor, 2), 0)
    for version in range(1, PLACES + 1):
        count(metrics, str(version), [version])
    count(metrics, "1", [1])
    count(metrics, "99", [7, 8])
    found = {totals.version: totals for totals in metrics.totals()}
    assert set(found) == {"1", "3", "4", "99"}
    assert (found["99"].answers, found["99"].movies) == (1, 2)
    assert found["1"].answers == 2
    count(metrics, "100", [3])  # of the version whose place it takes
    assert {totals.version: totals.movies for totals in metrics.totals()} == {"1": 1, "4": 1, "99": 2, "100": 1}


@pytest.mark.parametrize("n_movies", [1, 1000, MAP_BITS])
def test_movies_are_exact_while_each_has_a_bit(descriptor: int, n_movies: int) -> None:
    metrics = VersionMetrics(Board(descriptor, 2), 0)
    count(metrics, "1", list(range(n_movies)))
    assert metrics.totals()[0].movies == n_movies


def test_movies_of_a_large_catalog_are_about_right(descriptor: int) -> None:
    metrics = VersionMetrics(Board(descriptor, 2), 0)
    rows = random.Random(5).sample(range(90_000), 20_000)
    count(metrics, "1", rows)
    assert metrics.totals()[0].movies == pytest.approx(20_000, rel=0.2)


def test_metrics_json_shows_shares_and_ages_of_the_served_model(descriptor: int) -> None:
    metrics = Metrics(Board(descriptor, 2), 0, [])
    count(metrics.versions, "7", [1, 2], n_ratings=4, n_unknown=1)
    count(metrics.versions, "7", [1, 2], n_ratings=0, n_unknown=0, is_popular=True)
    body = metrics_json(metrics, ServedFacts("7", created=None, newest_rating=0.0, n_movies=8))
    (seven,) = body["versions"]
    assert (seven["popular_share"], seven["unknown_movie_share"], seven["mean_history_length"]) == (0.5, 0.25, 2.0)
    assert (seven["distinct_movies"], seven["coverage"]) == (2, 0.25)
    assert (seven["history_lengths"]["0"], seven["history_lengths"]["5"]) == (1, 1)
    assert body["model"]["age_seconds"] is None
    assert body["model"]["newest_rating_age_seconds"] > 50 * 365 * 86_400
    assert metrics_json(metrics)["model"] is None


def test_prometheus_families_hold_one_sample_for_each_version(descriptor: int) -> None:
    metrics = VersionMetrics(Board(descriptor, 2), 0)
    count(metrics, "7", [1, 2])
    lines = [line for family in version_families(metrics.totals()) for line in family]
    assert 'recsys_recommendations_total{version="7"} 1' in lines
    assert 'recsys_recommended_movies{version="7"} 2' in lines
    assert 'recsys_history_length_bucket{version="7",le="2"} 0' in lines
    assert 'recsys_history_length_bucket{version="7",le="5"} 1' in lines
    assert 'recsys_history_length_sum{version="7"} 3' in lines
    served = [line for family in served_families(ServedFacts("7", 5.0, None, 8)) for line in family]
    assert 'recsys_model_created_timestamp_seconds{version="7"} 5.0' in served
    assert not any(line.startswith("recsys_model_newest_rating_timestamp_seconds{") for line in served)
