from starlette.testclient import TestClient

from recsys.settings import Settings
from serving.shared.board import STARTED_AT
from serving.shared.model_cache import ModelCache
from serving.shared.sync_status import SyncStatus, write_status
from serving.worker.app import create_app
from serving.worker.operations.health import PATIENCE_SECONDS


def test_health_with_model_gives_the_fields_of_the_contract(client: TestClient) -> None:
    body = client.get("/health").json()
    assert body["status"] == "healthy"
    assert body["model_loaded"] is True
    assert body["model_version"] == "1"
    assert body["model_name"] == "movie-recommender"
    assert body["model_run_id"] == "run-1"
    assert body["model_loaded_at"].endswith("Z")
    assert (body["cache_size"], body["cache_maxsize"]) == (0, 3)
    assert set(body["registry"]) == {"reachable", "last_checked", "problem"}


def test_health_after_refusal_is_degraded_and_says_why(client: TestClient, model_cache: ModelCache) -> None:
    problem = "the artifacts of version 2 have been altered"
    write_status(model_cache.status, SyncStatus().checked(reachable=True, problem=problem, refused_version=2))
    answer = client.get("/health")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["reason"]) == ("degraded", problem)


def test_health_with_unreachable_registry_is_degraded(client: TestClient, model_cache: ModelCache) -> None:
    write_status(model_cache.status, SyncStatus().checked(reachable=False, problem="no way to the registry"))
    body = client.get("/health").json()
    assert body["status"] == "degraded"
    assert body["registry"]["reachable"] is False


def test_health_long_after_the_last_look_is_degraded(client: TestClient, model_cache: ModelCache) -> None:
    write_status(model_cache.status, SyncStatus(registry_reachable=True, last_checked="2020-01-01T00:00:00Z"))
    body = client.get("/health").json()
    assert body["status"] == "degraded"
    assert "2020-01-01" in body["reason"]


def test_health_without_a_note_of_any_look_is_degraded_once_there_should_be_one(
    client: TestClient, model_cache: ModelCache
) -> None:
    assert client.get("/health").json()["status"] == "healthy"
    client.app.state.services.metrics.board.row(0)[STARTED_AT] -= PATIENCE_SECONDS  # type: ignore[attr-defined]
    body = client.get("/health").json()
    assert body["status"] == "degraded"
    assert body["reason"] == "no look at the registry is noted in the model cache; the log tells why"
    write_status(model_cache.status, SyncStatus().checked(reachable=True))
    assert client.get("/health").json()["status"] == "healthy"


def test_health_without_model_is_503_with_both_shapes(empty_client: TestClient) -> None:
    answer = empty_client.get("/health")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["X-Model-Version"] == "none"
    assert {"status", "model_loaded", "error", "detail", "correlation_id"} <= set(answer.json())
    assert answer.json()["model_loaded"] is False


def test_every_model_route_without_model_is_503(empty_client: TestClient) -> None:
    for path in ("/movies/1", "/movies/1/similar", "/movies/search?q=a", "/health/ready"):
        answer = empty_client.get(path)
        assert answer.status_code == 503, path
        assert "Retry-After" in answer.headers
    assert empty_client.post("/recommend", json={"user_ratings": {}}).status_code == 503


def test_live_without_model_is_alive(empty_client: TestClient) -> None:
    assert empty_client.get("/health/live").json() == {"status": "alive"}


def test_ready_with_model_is_ready(client: TestClient) -> None:
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_app_over_unreadable_model_starts_without_one(settings: Settings, model_cache: ModelCache) -> None:
    model_cache.pointer.parent.mkdir(parents=True)
    model_cache.pointer.write_text("{ not json")
    assert TestClient(create_app(settings)).get("/health").status_code == 503
