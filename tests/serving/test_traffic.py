"""Two versions that share the traffic, in one app over a cache as the sync would have left it."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from published_models import store
from starlette.testclient import TestClient

from recsys.data import Dataset
from recsys.settings import Settings
from recsys.traffic import salt_of
from serving.shared.cached_version import CachedVersion
from serving.shared.model_cache import ModelCache
from serving.shared.published_traffic import PublishedTraffic
from serving.worker.app import create_app

QUESTION: dict[str, Any] = {"user_ratings": {"10": 5, "20": 4}, "n": 5}
TOKEN = {"Authorization": "Bearer a-token-of-the-tests"}

Share = Callable[..., None]


@pytest.fixture
def share_traffic(model_cache: ModelCache, tiny: Dataset) -> Share:
    """Return a function that publishes version 1 as Production and version 2 as Challenger, with shares."""
    versions = [
        store(model_cache, tiny, number, method)
        for number, method in ((1, "content-cosine"), (2, "content-jaccard"), (3, "content-jaccard"))
    ]

    def publish(share: str = "0%", shadow: str = "0%", *, challenger: int = 2, problem: str | None = None) -> None:
        place: CachedVersion = versions[challenger - 1]
        traffic = PublishedTraffic(share, shadow, challenger, place, salt_of(challenger, place.artifact_sha256))
        if problem:
            traffic = replace(traffic, challenger=None, salt="", problem=problem)
        model_cache.publish(versions[0], traffic)

    return publish


@pytest.fixture
def client(settings: Settings, share_traffic: Share) -> Iterator[TestClient]:
    """Return a client of an app whose traffic versions 1 and 2 share by halves."""
    share_traffic("50%")
    with TestClient(create_app(settings), raise_server_exceptions=False) as connected:
        yield connected


def version_for(client: TestClient, user: str | None = None, **body: Any) -> str:
    headers = {"X-User-ID": user} if user is not None else {}
    answer = client.post("/recommend", json={**QUESTION, **body}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.headers["X-Model-Version"]


def traffic_of(client: TestClient) -> Any:
    return client.get("/metrics").json()["traffic"]


def test_same_user_gets_the_same_version_on_either_way_and_route(client: TestClient) -> None:
    for number in range(40):
        user = f"user {number}"
        first = version_for(client, user)
        long_way = client.post("/recommend", json=QUESTION, headers={"X-User-ID": user, "Origin": "http://testserver"})
        others = [client.get(path, headers={"X-User-ID": user}) for path in ("/movies/10/similar", "/movies/10")]
        assert {answer.headers["X-Model-Version"] for answer in (long_way, *others)} == {first}
        assert version_for(client, "someone else", user_id=user) == first


def test_body_of_a_number_and_of_its_digits_are_one_user(client: TestClient) -> None:
    for number in range(20):
        assert version_for(client, user_id=number) == version_for(client, user_id=str(number))


def test_without_a_user_the_correlation_id_decides(client: TestClient) -> None:
    found = [
        client.post("/recommend", json=QUESTION, headers={"X-Correlation-ID": f"call-{number}"}).headers
        for number in (*range(30), *range(30))
    ]
    versions = [headers["X-Model-Version"] for headers in found]
    assert versions[:30] == versions[30:]
    assert set(versions) == {"1", "2"}


@pytest.mark.parametrize(
    "user_id", ["", "x" * 129, 1.5, True, [], {}, 2**64, "\ud800"], ids=lambda value: repr(value)[:20]
)
def test_user_id_that_is_none_is_refused(client: TestClient, user_id: Any) -> None:
    body = json.dumps({**QUESTION, "user_id": user_id})
    answer = client.post("/recommend", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("user_id", ["a", "x" * 128, "élodie", 0, -5, 2**63 - 1, None, "\u0000"])
def test_user_id_of_any_other_kind_is_taken(client: TestClient, user_id: Any) -> None:
    assert version_for(client, user_id=user_id) in ("1", "2")


def test_user_header_and_body_beyond_ascii_are_one_user(client: TestClient) -> None:
    for user in ("élodie", "Łukasz", "用户七"):
        header = client.post("/recommend", json=QUESTION, headers=[(b"X-User-ID", user.encode())]).headers
        assert header["X-Model-Version"] == version_for(client, user_id=user)


def test_answers_are_those_of_the_version_that_the_header_names(client: TestClient) -> None:
    alone = {
        version: client.post(f"/recommend?version={version}", json=QUESTION, headers=TOKEN).json()
        for version in ("1", "2")
    }
    assert alone["1"] != alone["2"]
    for number in range(20):
        answer = client.post("/recommend", json={**QUESTION, "user_id": number})
        assert answer.json() == alone[answer.headers["X-Model-Version"]]


def test_version_that_is_named_is_not_counted_in_the_experiment(client: TestClient) -> None:
    for version in ("1", "2"):
        assert client.post(f"/recommend?version={version}", json=QUESTION, headers=TOKEN).status_code == 200
    assert client.post("/recommend?version=999", json=QUESTION, headers=TOKEN).status_code == 503
    assert [arm["requests"] for arm in traffic_of(client)["versions"]] == [0, 0]


def test_metrics_count_what_each_version_has_answered(client: TestClient) -> None:
    counted: Counter[str] = Counter()
    for number in range(30):
        counted[version_for(client, user_id=number)] += 1
        answer = client.get("/movies/10/similar", headers={"X-User-ID": str(number)})
        counted[f"{answer.headers['X-Model-Version']} similar"] += 1
    wrong = client.get("/movies/999/similar", headers={"X-User-ID": "0"})
    newcomer = client.post("/recommend", json={"user_ratings": {}, "user_id": 0})
    assert (wrong.status_code, newcomer.json()["strategy"]) == (404, "popular")
    first = newcomer.headers["X-Model-Version"]
    for arm in traffic_of(client)["versions"]:
        version, own = arm["version"], arm["version"] == first
        assert arm["requests"] == counted[version] + counted[f"{version} similar"] + 2 * own
        assert arm["lists"] == counted[version] + own
        assert arm["errors"] == own
        assert arm["popular_share"] == (round(1 / arm["lists"], 6) if own else 0)
        assert arm["avg_latency_ms"] > 0
        assert arm["coverage"] == round(arm["distinct_movies"] / 6, 6)
    text = client.get("/metrics", headers={"Accept": "text/plain"}).text
    name = traffic_of(client)["experiment"]
    assert f'recsys_traffic_lists_total{{experiment="{name}",version="2"}} {counted["2"] + (first == "2")}' in text
    assert f'recsys_traffic_share{{experiment="{name}",version="2",purpose="challenger"}} 0.5' in text


def test_another_share_is_another_experiment_and_another_challenger_too(
    client: TestClient, share_traffic: Share
) -> None:
    names = {traffic_of(client)["experiment"]}
    before = {number: version_for(client, user_id=number) for number in range(60)}
    for share, challenger in (("60%", 2), ("50%", 3)):
        share_traffic(share, challenger=challenger)
        client.app.state.services.served.refresh()  # type: ignore[attr-defined]
        names.add(traffic_of(client)["experiment"])
        assert [arm["requests"] for arm in traffic_of(client)["versions"]] == [0, 0]
        after = {number: version_for(client, user_id=number) for number in before}
        moved_back = [number for number in before if before[number] == "2" and after[number] == "1"]
        assert bool(moved_back) == (challenger == 3), "a new Challenger reshuffles, a larger share moves nobody back"
    assert len(names) == 3


def test_problem_leads_to_production_for_everyone_and_health_stays_healthy(
    client: TestClient, share_traffic: Share
) -> None:
    share_traffic("50%", problem="version 2 cannot be tried: it is altered; Production answers everyone")
    client.app.state.services.served.refresh()  # type: ignore[attr-defined]
    assert {version_for(client, user_id=number) for number in range(20)} == {"1"}
    health = client.get("/health").json()
    assert (health["status"], health["reason"]) == ("healthy", None)
    assert health["traffic"]["problem"].startswith("version 2 cannot be tried")
    assert traffic_of(client) is None


def test_challenger_that_a_worker_cannot_load_leads_to_production_for_everyone(
    settings: Settings, share_traffic: Share, model_cache: ModelCache
) -> None:
    share_traffic("100%")
    published = model_cache.published()
    assert published
    assert published.traffic
    assert published.traffic.challenger
    folder = model_cache.root / published.traffic.challenger.folder
    (hidden,) = folder.glob("**/model.json")
    hidden.rename(hidden.with_suffix(".gone"))
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        assert version_for(client, "ann") == "1"
        assert "version 2 cannot be loaded" in client.get("/health").json()["traffic"]["problem"]
        assert model_cache.requests.pending(), "the parent is asked to look"
        hidden.with_suffix(".gone").rename(hidden)
        client.app.state.services.served.refresh()  # type: ignore[attr-defined]
        assert version_for(client, "ann") == "2"
        assert client.get("/health").json()["traffic"]["problem"] is None


def test_shadow_answers_what_production_has_answered_and_tells_how_far_they_agree(
    client: TestClient, share_traffic: Share
) -> None:
    share_traffic("0%", "100%")
    client.app.state.services.served.refresh()  # type: ignore[attr-defined]
    assert version_for(client, "ann") == "1"
    assert version_for(client, "ann", filter={"genres": ["Action"]}) == "1"
    while sum(traffic_of(client)["shadow"][name] for name in ("compared", "failed", "dropped")) < 2:
        client.portal.call(asyncio.sleep, 0.01)  # type: ignore[union-attr]
    while not traffic_of(client)["shadow"]["compared"]:  # a busy machine drops one now and then
        version_for(client, "ann")
        client.portal.call(asyncio.sleep, 0.01)  # type: ignore[union-attr]
    found = traffic_of(client)["shadow"]
    assert found["failed"] == 0
    assert 0 < found["overlap_at_10"] <= 1
    assert 0 < found["rank_agreement"] <= 1
    assert [arm["requests"] for arm in traffic_of(client)["versions"]][1] == 0, "nobody got an answer of it"


def test_without_a_switch_nothing_is_said_of_traffic(
    settings: Settings, share_traffic: Share, model_cache: ModelCache
) -> None:
    share_traffic()
    published = model_cache.published()
    assert published
    model_cache.publish(published.version)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        assert version_for(client, "ann") == "1"
        assert client.get("/health").json()["traffic"] is None
        assert traffic_of(client) is None
        assert "traffic" not in json.loads(model_cache.pointer.read_text())
