"""A Challenger on real traffic: a registry with real versions, a service with four workers, and clients."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from load.connections import Connection
from model_stores import add_version, client_of, make_store, recipe
from service_process import NOBODY, Service

from recsys.data import Dataset
from recsys.registry import Registry
from recsys.traffic import CHALLENGER, CHALLENGER_TAG, SHADOW_TAG
from training.cli import main

pytestmark = pytest.mark.slow

ALIAS = "Production"
QUESTION = {"user_ratings": {"10": 5, "20": 4}, "n": 5}
N_USERS = 20_000
N_CONNECTIONS = 8


@pytest.fixture(scope="module")
def registry(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry with three versions: the first is Production, the second the Challenger."""
    registry = make_store(tmp_path_factory.mktemp("registry"))
    for method in ("content-cosine", "content-jaccard", "content-cosine"):
        add_version(registry, tiny, recipe(method))
    registry.set_alias(ALIAS, 1)
    registry.set_alias(CHALLENGER, 2)
    return registry


@pytest.fixture(scope="module")
def service(start_service: Any, registry: Registry) -> Service:
    """Return a service with four workers that follows the registry."""
    return start(start_service, registry.tracking_uri)


def start(start_service: Any, tracking_uri: str, **more: Any) -> Service:
    service: Service = start_service(
        ALIAS, MLFLOW_TRACKING_URI=tracking_uri, RECSYS_API__WORKERS="4", RECSYS_LOGGING__LEVEL="INFO", **more
    )
    service.wait_for_workers(4)
    return service


@pytest.fixture(autouse=True)
def no_traffic(registry: Registry, service: Service) -> Iterator[None]:
    """Let each test begin with version 1 in Production, version 2 as Challenger, and no traffic for it."""
    registry.set_alias(ALIAS, 1)
    registry.set_alias(CHALLENGER, 2)
    set_tags(registry)
    yield
    set_tags(registry)


def set_tags(registry: Registry, **shares: str) -> None:
    """Set the tags as a person would in MLflow, ``challenger`` and ``shadow``, and remove those that are not named."""
    for key, name in ((CHALLENGER_TAG, "challenger"), (SHADOW_TAG, "shadow")):
        if name in shares:
            registry.set_tag(key, shares[name])
        elif key in registry.tags():
            registry.delete_tag(key)


def traffic_of(service: Service) -> Any:
    return service.ask("/health").json["traffic"]


def wait_for_split(service: Service, share: str = "10%", version: str = "2") -> None:
    """Wait until all workers follow a split."""
    wanted = {"challenger_version": version, "challenger_share": share, "problem": None}
    service.wait_until(lambda: wanted.items() <= (traffic_of(service) or {}).items())
    settled(service)


def settled(service: Service) -> None:
    """Wait until all workers have read the pointer: they look at it four times a second."""
    asyncio.run(asyncio.sleep(1.0))
    assert service.process.poll() is None, service.story()


async def ask_all(port: int, users: list[str], body: Any = None, path: str = "/recommend") -> dict[str, str]:
    """Return the version that answers each user, asked over a few connections."""
    found: dict[str, str] = {}

    async def ask_some(mine: list[str]) -> None:
        async with await Connection.open(port) as connection:
            for user in mine:
                reply = await connection.ask(path, body, X_User_ID=user)
                assert reply.status == 200, reply.body
                found[user] = reply.version

    await asyncio.gather(*(ask_some(users[number::N_CONNECTIONS]) for number in range(N_CONNECTIONS)))
    return found


def versions_of(service: Service, users: list[str], body: Any = QUESTION, path: str = "/recommend") -> dict[str, str]:
    return asyncio.run(ask_all(service.port, users, body, path))


def test_without_the_tag_production_answers_everyone(service: Service) -> None:
    service.wait_until(lambda: traffic_of(service) is None)
    settled(service)
    assert set(versions_of(service, [f"user {n}" for n in range(200)]).values()) == {"1"}


def test_share_of_20000_users_lies_within_the_binomial_bound_and_grows_without_moving_anyone_back(
    service: Service, registry: Registry
) -> None:
    users = [f"user {number}" for number in range(N_USERS)]
    set_tags(registry, challenger="10%")
    wait_for_split(service)
    first = versions_of(service, users)
    n_first = Counter(first.values())["2"]
    assert abs(n_first - 2000) < 4 * math.sqrt(N_USERS * 0.1 * 0.9)
    some = users[:2000]
    assert versions_of(service, some) == {user: first[user] for user in some}, "stays"
    by_body = versions_of(service, ["someone else"], {**QUESTION, "user_id": some[0]})
    assert by_body == {"someone else": first[some[0]]}, "the body counts for more than the header"
    set_tags(registry, challenger="30 %")
    wait_for_split(service, "30%")
    grown = versions_of(service, some)
    assert all(grown[user] == "2" for user in some if first[user] == "2")
    n_grown = Counter(grown.values())["2"]
    assert abs(n_grown - 600) < 4 * math.sqrt(2000 * 0.3 * 0.7)


def test_traffic_command_is_followed_and_off_ends_it(
    service: Service,
    registry: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.tracking_uri)
    assert main(["traffic", "2.5%", "--shadow", "20%", "--why", "to see"]) == 0
    wait_for_split(service, "2.5%")
    assert traffic_of(service)["shadow_share"] == "20%"
    versions_of(service, [f"user {number}" for number in range(200)])
    capsys.readouterr()
    assert main(["traffic", "--show", "--api", f"http://127.0.0.1:{service.port}"]) == 0
    shown = capsys.readouterr().out
    assert "Production: version 1  Challenger: version 2" in shown
    assert "To find a difference of 1 point with 80 % certainty: about" in shown
    assert main(["traffic", "off"]) == 0
    service.wait_until(lambda: traffic_of(service) is None)
    last, before = [entry for entry in registry.alias_state(ALIAS).ledger if entry.action == "traffic"][:-3:-1]
    assert last.traffic == {}
    assert before.traffic == {CHALLENGER_TAG: "2.5%", SHADOW_TAG: "20%"}
    assert before.why.endswith("Challenger is version 2; to see")


@pytest.mark.parametrize("tag", ["ten", "150%", "-1%", "10", "0.1", "1e1%", "%"])
def test_tag_that_is_no_share_leads_to_production_for_everyone_and_health_says_so(
    service: Service, registry: Registry, tag: str
) -> None:
    set_tags(registry, challenger="100%")
    wait_for_split(service, "100%")
    assert set(versions_of(service, ["ann", "ben"]).values()) == {"2"}
    set_tags(registry, challenger=tag)
    service.wait_until(lambda: traffic_of(service)["problem"] is not None)
    settled(service)
    problem = traffic_of(service)["problem"]
    assert problem.startswith(f"the tag traffic.challenger of the registered model: {tag!r} is no share; write a perc")
    assert service.ask("/health").json["status"] == "healthy"
    assert set(versions_of(service, ["ann", "ben"]).values()) == {"1"}


def test_routes_that_have_no_part_in_a_split_stay_with_production(service: Service, registry: Registry) -> None:
    set_tags(registry, challenger="100%")
    wait_for_split(service, "100%")
    for path in ("/recommend", "/movies/10/similar", "/movies/10", "/movies?ids=10", "/movies/search?q=alpha"):
        assert service.ask(path, QUESTION if path == "/recommend" else None).version == "2", path
    for path in ("/health", "/model", "/metrics", "/versions", "/ping"):
        assert service.ask(path).version == "1", path
    table = {"dataframe_split": {"columns": ["movie_ids"], "data": [[[10, 30]]]}}
    assert service.ask("/invocations", table).version == "1"
    token = {"Authorization": "Bearer a-token-of-the-tests"}
    for version in ("1", "2"):
        answer = service.ask(f"/recommend?version={version}", QUESTION, **token)
        assert (answer.status, answer.version) == (200, version), "both are at hand"


def test_promotion_of_the_challenger_by_hand_ends_the_split_and_it_is_in_the_history(
    service: Service, registry: Registry
) -> None:
    set_tags(registry, challenger="50%")
    wait_for_split(service, "50%")
    service.wait_until(lambda: registry.alias_state(ALIAS).is_settled)
    client_of(registry).set_registered_model_alias(registry.name, ALIAS.lower(), "2")
    service.wait_until(lambda: traffic_of(service) is None)
    service.wait_until(lambda: registry.alias_state(ALIAS).is_settled)
    assert dict(registry.tags()).keys().isdisjoint({CHALLENGER_TAG})
    assert registry.alias_state(ALIAS).ledger[-1].traffic == {}
    assert registry.alias_state(ALIAS).ledger[-1].to_version == 2


def test_split_as_published_stands_over_a_restart_without_the_registry(
    service: Service, registry: Registry, start_service: Any
) -> None:
    users = [f"user {number}" for number in range(300)]
    set_tags(registry, challenger="40%")
    wait_for_split(service, "40%")
    before = versions_of(service, users)
    assert set(before.values()) == {"1", "2"}
    own = start(start_service, registry.tracking_uri)
    wait_for_split(own, "40%")
    assert versions_of(own, users) == before, "another host gives the same"
    assert own.stop() == 0
    again = start(start_service, NOBODY, cache=own.cache)
    assert versions_of(again, users) == before
    assert again.stop() == 0
