"""The service as real processes over a real registry: four workers, one life from start to end."""

import os
import shutil
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from recsys.log_lines import FIELDS
from recsys.registry import Registry

N_WORKERS = 4
QUESTION = {"user_ratings": {"10": 5, "20": 4}, "n": 5}


@pytest.fixture(scope="module")
def service(start_service: Any, registry: Registry) -> Any:
    """Return a service with four workers that serves version 1."""
    registry.set_alias("Live", 1)
    started = start_service("Live", RECSYS_API__WORKERS=str(N_WORKERS))
    started.wait_until(lambda: "listening on" in started.log.read_text())
    return started


def ask_meanwhile(service: Any, stop: threading.Event) -> list[Any]:
    answers = []
    while not stop.is_set():
        answers.append(service.ask("/recommend", QUESTION))
    return answers


def test_service_that_says_where_it_listens_answers_from_every_worker(service: Any) -> None:
    answers = [service.ask("/recommend", QUESTION) for _ in range(10 * N_WORKERS)]
    assert {(answer.status, answer.version) for answer in answers} == {(200, "1")}
    assert service.ask("/metrics").json["workers"] == N_WORKERS


def test_service_answers_every_route(service: Any) -> None:
    assert service.ask("/recommend", QUESTION).json["strategy"] == "personal"
    assert service.ask("/movies/10").json["title"] == "Alpha (1990)"
    assert service.ask("/movies/10/similar").json["query_movie"]["movie_id"] == 10
    assert service.ask("/movies/search?q=alpha").json[0]["movie_id"] == 10
    assert service.ask("/health").json["status"] == "healthy"
    assert service.ask("/health/ready").status == 200
    assert service.ask("/ping").text == "\n"
    assert service.ask("/docs").status == 200
    assert service.ask("/movies/11").status == 404
    assert service.ask("/recommend", {"user_ratings": {"10": 9}}).status == 422


def test_alias_move_and_rollback_reach_all_workers_and_fail_no_request(service: Any, registry: Registry) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask_meanwhile, service, stop) for _ in range(2)]
        for version in ("2", "1"):
            registry.set_alias("Live", int(version))
            service.wait_for_version(version)
            service.wait_until(lambda: {service.ask("/health/live").version for _ in range(40)} == {version})  # noqa: B023
        stop.set()
        answers = [answer for asked in asking for answer in asked.result()]
    assert {answer.status for answer in answers} == {200}
    bodies = {(answer.version, answer.text) for answer in answers}
    assert len(bodies) == 2, "each version has one answer, and never the other's"


def test_metrics_are_summed_over_workers(service: Any) -> None:
    before = service.ask("/metrics").json["requests_by_endpoint"].get("GET /movies/{movie_id}", 0)
    for _ in range(40):
        service.ask("/movies/10")
    counted = {service.ask("/metrics").json["requests_by_endpoint"]["GET /movies/{movie_id}"] for _ in range(10)}
    assert counted == {before + 40}


def test_cache_clear_reaches_all_workers(service: Any) -> None:
    for _ in range(20):
        service.ask("/movies/10/similar")
    assert service.ask("/cache/clear", {}, Authorization="Bearer a-token-of-the-tests").status == 200
    assert {service.ask("/health").json["cache_size"] for _ in range(20)} == {0}


def test_dead_worker_is_replaced_and_its_counts_live_on(service: Any) -> None:
    before = service.ask("/metrics").json["total_requests"]
    victim = service.worker_pids[0]
    os.kill(victim, signal.SIGKILL)
    service.wait_until(lambda: victim not in service.worker_pids and len(service.worker_pids) == N_WORKERS)
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == N_WORKERS)
    assert service.ask("/metrics").json["total_requests"] > before


def test_workers_hold_no_heavy_library(service: Any) -> None:
    for pid in service.worker_pids:
        mapped = Path(f"/proc/{pid}/maps").read_text()
        assert "numpy" in mapped
        for library in ("pandas", "scipy", "sklearn", "pyarrow", "sqlalchemy"):
            assert f"/{library}/" not in mapped
        assert "item_weights.values.npy" in mapped, "the model is memory-mapped"


def test_reload_looks_at_once(service: Any, registry: Registry) -> None:
    registry.set_alias("Live", 3)
    answer = service.reload()
    assert answer["status"] in ("reloaded", "unchanged")
    assert answer["model_version"] == "3"
    registry.set_alias("Live", 1)


def test_altered_artifact_is_refused_and_said_so(service: Any, registry: Registry, registry_home: Path) -> None:
    assert service.reload()["model_version"] == "1"
    victim = artifact_of(registry_home, 3, "item_weights.values.npy")
    original = victim.read_bytes()
    victim.write_bytes(original[:-4] + b"\0\0\x80?")
    try:
        for version in list(service.cache.glob("versions/*/3-*")):
            shutil.rmtree(version)
        registry.set_alias("Live", 3)
        service.wait_until(lambda: service.ask("/health").json["status"] == "degraded")
        health = service.ask("/health").json
        assert health["model_version"] == "1"
        assert "altered" in health["reason"]
    finally:
        victim.write_bytes(original)
        registry.set_alias("Live", 1)
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")


def artifact_of(home: Path, version: int, name: str) -> Path:
    """Return a file of a version in the artifact store."""
    stored = sorted(home.glob(f"mlruns/**/{name}"), key=lambda path: path.stat().st_mtime)
    return stored[version - 1]


def test_log_is_json_lines_with_one_for_each_request(service: Any) -> None:
    answer = service.ask("/movies/20", **{"X-Correlation-ID": "find-me"})
    assert answer.headers["x-correlation-id"] == "find-me"
    service.wait_until(lambda: "find-me" in service.log.read_text())
    lines = service.lines
    assert {tuple(line) for line in lines} == {FIELDS}
    mine = [line for line in lines if line["correlation_id"] == "find-me"]
    assert [(line["level"], line["method"], line["path"], line["status_code"]) for line in mine] == [
        ("INFO", "GET", "/movies/20", 200)
    ]
    loggers = Counter(line["logger"] for line in lines)
    assert loggers["uvicorn.error"] > 0
    assert loggers["uvicorn.access"] == 0


def test_sigterm_ends_everything_in_good_order(service: Any) -> None:
    workers = service.worker_pids
    assert service.stop() == 0
    assert [pid for pid in workers if Path(f"/proc/{pid}").exists()] == []
    assert service.lines[-1]["message"] == "ended"
