import os
import time
from types import SimpleNamespace
from typing import Any

from serving.shared.board import CELLS_PER_ROW, Board, create_memory, private_board
from serving.worker.metrics.latency import BUCKETS
from serving.worker.metrics.traffic import EVENTS, PLACES, TrafficMetrics


def turn(experiment: int, version: str, *, is_popular: bool | None = None) -> Any:
    return SimpleNamespace(
        split=SimpleNamespace(experiment=experiment), model=SimpleNamespace(version=version), is_popular=is_popular
    )


def test_counts_of_all_workers_are_summed_up_by_experiment_and_version() -> None:
    descriptor, began = create_memory(3), time.monotonic()
    board = Board(descriptor, 3)
    for slot in range(3):
        counted = TrafficMetrics(board, slot)
        for _ in range(slot + 1):
            counted.count(turn(7, "2"), 200, 0.0007)
        counted.count(turn(7, "2"), 404, 20.0)
        counted.count(turn(7, "2", is_popular=True), 500, 20.0)  # no list was shown
        counted.count(turn(7, "1"), 200, 0.5)
        counted.count(turn(7, "2", is_popular=slot == 0), 200, 0.0007)
        counted.count_event(7, "2", "click", 0.0)
        counted.count_event(7, "2", "rating", 4.5)
        counted.count_shadow(7, "2", "compared", overlap=0.5, agreement=0.25, seconds=0.001)
        counted.count_shadow(7, "2", "dropped")
        counted.count_ignored()
    one, two = TrafficMetrics(board, 1).totals()
    assert (one.experiment, one.version, one.requests, one.seconds) == (7, "1", 3, 1.5)
    assert (two.version, two.requests, two.errors) == ("2", 15, 6)
    assert two.histogram[1] == 9
    assert two.histogram[len(BUCKETS)] == 6
    assert (two.lists, two.popular, two.stars) == (3, 1, 13.5)
    assert two.events == {"click": 3, "watch": 0, "rating": 3}
    assert two.shadow == {"compared": 3, "failed": 0, "dropped": 3}
    assert (two.overlap, two.agreement) == (1.5, 0.75)
    assert 0 <= two.age_seconds <= time.monotonic() - began
    assert TrafficMetrics(board, 0).n_ignored == 3
    os.close(descriptor)


def test_worker_that_replaces_a_dead_one_goes_on_counting() -> None:
    board = private_board()
    TrafficMetrics(board, 0).count(turn(7, "2", is_popular=False), 200, 0.1)
    TrafficMetrics(board, 0).count(turn(7, "2", is_popular=False), 200, 0.1)
    assert [arm.lists for arm in TrafficMetrics(board, 0).totals()] == [2]


def test_new_experiment_takes_the_place_that_was_unused_for_longest() -> None:
    counted = TrafficMetrics(private_board(), 0)
    for number in range(PLACES):
        counted.count(turn(number + 1, "2", is_popular=False), 200, 0.1)
    counted.count(turn(1, "2", is_popular=False), 200, 0.1)
    counted.count(turn(100, "2", is_popular=False), 200, 0.1)
    assert [(arm.experiment, arm.lists) for arm in counted.totals()] == [
        (1, 2),
        *((number, 1) for number in range(3, PLACES + 1)),
        (100, 1),
    ]


def test_experiment_of_a_version_is_the_one_that_was_counted_last() -> None:
    counted = TrafficMetrics(private_board(), 0)
    assert counted.experiment_of("2") is None
    counted.count_event(0, "2", EVENTS[0], 0.0)
    assert counted.experiment_of("2") == 0
    counted.count(turn(9, "2", is_popular=False), 200, 0.1)
    assert counted.experiment_of("2") == 9
    assert counted.experiment_of("3") is None


def test_places_fit_into_a_row() -> None:
    counted = TrafficMetrics(private_board(), 0)
    for number in range(PLACES):
        counted.count(turn(number + 1, "2147483647"), 200, 100.0)
    assert sum(arm.requests for arm in counted.totals()) == PLACES
    assert all(arm.histogram[-1] == 1 for arm in counted.totals())
    assert CELLS_PER_ROW == 12288
