import os

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from serving.shared.board import Board, create_memory
from serving.worker.metrics.as_json import metrics_json
from serving.worker.metrics.counters import OTHER, Metrics


def test_metrics_counts_by_template_status_and_error(client: TestClient) -> None:
    client.get("/movies/10")
    client.get("/movies/20")
    client.get("/movies/21")
    client.post("/recommend", json={})
    body = client.get("/metrics").json()
    assert body["total_requests"] == 4
    assert (body["successful_requests"], body["failed_requests"]) == (2, 2)
    assert body["success_rate"] == 0.5
    assert body["requests_by_endpoint"] == {"GET /movies/{movie_id}": 3, "POST /recommend": 1}
    assert body["status_codes"] == {"200": 2, "404": 1, "422": 1}
    assert body["errors_by_type"] == {"UnknownMovieError": 1, "ValidationError": 1}
    assert body["avg_latency_ms"] > 0
    assert body["uptime_seconds"] >= 0


def test_metrics_paths_without_route_share_one_label(client: TestClient) -> None:
    for number in range(20):
        client.get(f"/nowhere/{number}")
    client.request("PROPFIND", "/recommend")
    assert client.get("/metrics").json()["requests_by_endpoint"] == {OTHER: 21}


def test_metrics_cache_hits_and_misses_show_up(client: TestClient) -> None:
    for _ in range(3):
        client.get("/movies/10/similar")
    assert client.get("/metrics").json()["cache"] == {"hits": 2, "misses": 1}


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text;q=0.5, text/plain;q=0.3, */*;q=0.1"])
def test_metrics_as_text_is_read_by_prometheus(client: TestClient, accept: str) -> None:
    client.get("/movies/10")
    client.get("/movies/21")
    answer = client.get("/metrics", headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    of = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in samples}
    movie = (("endpoint", "/movies/{movie_id}"), ("method", "GET"))
    assert of["recsys_requests_total", (*movie, ("status", "200"))] == 1
    assert of["recsys_requests_total", (*movie, ("status", "404"))] == 1
    assert of["recsys_request_duration_seconds_count", movie] == 2
    assert of["recsys_request_duration_seconds_bucket", (movie[0], ("le", "+Inf"), movie[1])] == 2
    assert of["recsys_errors_total", (("type", "UnknownMovieError"),)] == 1
    assert of["recsys_model_info", (("name", "movie-recommender"), ("run_id", "run-1"), ("version", "1"))] == 1


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, */*;q=0.8", ""])
def test_metrics_without_wish_for_text_is_json(client: TestClient, accept: str) -> None:
    assert client.get("/metrics", headers={"Accept": accept}).headers["Content-Type"] == "application/json"


def test_metrics_of_several_workers_are_summed_and_survive_a_worker() -> None:
    descriptor = create_memory(2)
    first = Metrics(Board(descriptor, 2), 0, ["GET /a"])
    second = Metrics(Board(descriptor, 2), 1, ["GET /a"])
    first.count("GET /a", 200, 0.01, None)
    second.count("GET /a", 500, 0.03, "InternalServerError")
    second.count("GET /b", 299, 0.02, "NeverHeardOf")
    successor = Metrics(Board(descriptor, 2), 1, ["GET /a"])
    os.close(descriptor)
    successor.count("GET /a", 200, 0.02, None)
    body = metrics_json(first)
    assert body["total_requests"] == 4
    assert body["requests_by_endpoint"] == {"GET /a": 3, OTHER: 1}
    assert body["status_codes"] == {OTHER: 1, "200": 2, "500": 1}
    assert body["errors_by_type"] == {"InternalServerError": 1, OTHER: 1}
    assert body["avg_latency_ms"] == 20.0


def test_metrics_of_nothing_are_zero() -> None:
    descriptor = create_memory(1)
    body = metrics_json(Metrics(Board(descriptor, 1), 0, []))
    os.close(descriptor)
    assert (body["total_requests"], body["success_rate"], body["avg_latency_ms"]) == (0, 1.0, 0.0)
