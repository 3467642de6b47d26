import threading
import time
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from recsys.settings import Settings
from serving.shared.cached_version import CachedVersion
from serving.shared.model_cache import ModelCache
from serving.shared.sync_status import SyncStatus, write_status
from serving.worker.app import create_app

ADMIN = {"Authorization": "Bearer a-token-of-the-tests"}
ROUTES = ["/cache/clear", "/model/reload"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("given", [None, "Bearer wrong", "Bearer ", "Basic abc", "Bearer ä"])
def test_admin_route_without_the_token_is_401(client: TestClient, route: str, given: str | None) -> None:
    answer = client.post(route, headers={"Authorization": given.encode()} if given else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["error"] == "AdminTokenError"


@pytest.mark.parametrize(
    "tokens", [("a-token-of-the-tests", "wrong"), ("a-token-of-the-tests", "a-token-of-the-tests")]
)
def test_admin_route_with_two_fields_of_authorization_is_401(client: TestClient, tokens: tuple[str, str]) -> None:
    answer = client.post("/cache/clear", headers=[("Authorization", f"Bearer {token}") for token in tokens])
    assert (answer.status_code, answer.json()["error"]) == (401, "AdminTokenError")


@pytest.mark.parametrize("route", ROUTES)
def test_admin_route_without_configured_token_is_403(settings: Settings, route: str) -> None:
    closed = settings.model_copy(update={"api": settings.api.model_copy(update={"admin_token": None})})
    answer = TestClient(create_app(closed)).post(route, headers=ADMIN)
    assert answer.status_code == 403
    assert "RECSYS_API__ADMIN_TOKEN" in answer.json()["detail"]


def test_clear_cache_forgets_all_answers(client: TestClient) -> None:
    client.get("/movies/10/similar")
    assert client.get("/health").json()["cache_size"] == 1
    assert client.post("/cache/clear", headers=ADMIN).json() == {"status": "cleared"}
    assert client.get("/health").json()["cache_size"] == 0


def answer_reload_request(model_cache: ModelCache, problem: str | None, publish: Callable[[], object]) -> None:
    while not (requests := model_cache.requests.pending()):
        time.sleep(0.01)
    publish()
    write_status(model_cache.status, SyncStatus().checked(reachable=True, problem=problem))
    model_cache.requests.answered(requests)


@pytest.mark.parametrize(
    ("published", "problem", "status"),
    [("2", None, "reloaded"), (None, None, "unchanged"), (None, "altered", "refused")],
)
def test_reload_tells_what_the_look_came_to(  # noqa: PLR0917
    client: TestClient,
    model_cache: ModelCache,
    publish: Callable[[int], CachedVersion],
    published: str | None,
    problem: str | None,
    status: str,
) -> None:
    new = (lambda: publish(int(published))) if published else (lambda: None)
    sync = threading.Thread(target=answer_reload_request, args=(model_cache, problem, new))
    sync.start()
    answer = client.post("/model/reload", headers=ADMIN)
    sync.join()
    version = published or "1"
    assert answer.status_code == 200
    assert answer.json() == {"status": status, "previous_version": "1", "model_version": version, "problem": problem}


def test_reload_without_answer_is_accepted(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.worker.operations.admin.RELOAD_PATIENCE_SECONDS", 0.2)
    answer = client.post("/model/reload", headers=ADMIN)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
