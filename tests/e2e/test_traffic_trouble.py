"""Two versions share the traffic under load, with four workers, while something happens to them."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from load.users import Seen, Users
from model_stores import add_version, client_of, make_store, recipe
from service_process import Service

from recsys.data import Dataset
from recsys.registry import Registry
from recsys.traffic import CHALLENGER, CHALLENGER_TAG, SHADOW_TAG

pytestmark = pytest.mark.slow

ALIAS = "Production"
RATINGS = {"10": 5.0, "20": 4.0}
USERS = [f"user {number}" for number in range(60)]
MINUTE = 60

Trouble = Callable[[Users], Awaitable[None]]


@pytest.fixture(scope="module")
def registry(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry whose versions 1 to 3 take turns in Production, and 4 to 6 as Challenger."""
    registry = make_store(tmp_path_factory.mktemp("registry"))
    for number in range(6):
        add_version(registry, tiny, recipe("content-jaccard" if number % 2 else "content-cosine"))
    registry.set_alias(ALIAS, 1)
    return registry


@pytest.fixture(scope="module")
def service(start_service: Any, registry: Registry) -> Service:
    """Return a service with four workers that follows the registry closely."""
    started: Service = start_service(
        ALIAS,
        MLFLOW_TRACKING_URI=registry.tracking_uri,
        RECSYS_API__WORKERS="4",
        RECSYS_MODEL__POLL_SECONDS="0.3",
    )
    started.wait_for_workers(4)
    return started


@pytest.fixture(autouse=True)
def halves(registry: Registry, service: Service) -> Iterator[None]:
    """Let each test begin with halves for version 1 and version 4."""
    registry.set_alias(ALIAS, 1)
    registry.set_alias(CHALLENGER, 4)
    registry.set_tag(CHALLENGER_TAG, "50%")
    wait_for(service, "4")
    service.wait_for_version("1")
    yield
    for key in (CHALLENGER_TAG, SHADOW_TAG):
        if key in registry.tags():
            registry.delete_tag(key)


def traffic_of(service: Service) -> Any:
    return service.ask("/health").json["traffic"] or {}


def is_split(service: Service, challenger: str) -> bool:
    found = traffic_of(service)
    return found.get("challenger_version") == challenger and found["problem"] is None


def wait_for(service: Service, challenger: str) -> None:
    service.wait_until(lambda: is_split(service, challenger))
    time.sleep(1)  # the workers look four times a second


def under_load(service: Service, trouble: Trouble, **more: Any) -> Seen:
    """Return what users got while something happened."""

    async def run() -> Seen:
        users = Users(service.port, USERS, RATINGS, **more)
        await users.more(300)
        await trouble(users)
        return await users.finish()

    return asyncio.run(run())


def settled_versions(seen: Seen, last: int = 3) -> dict[str, set[str]]:
    """Return the versions that answered each user in the end."""
    return {user: set(versions[-last:]) for user, versions in seen.versions.items()}


def test_counters_equal_what_the_clients_have_counted(service: Service, registry: Registry) -> None:
    registry.set_tag(CHALLENGER_TAG, "35%")
    registry.set_tag(SHADOW_TAG, "50%")
    service.wait_until(lambda: traffic_of(service)["challenger_share"] == "35%")
    time.sleep(1)
    before = service.ask("/metrics").json["traffic"]
    assert [arm["requests"] for arm in before["versions"]] == [0, 0], "each share is counted from zero"

    seen = under_load(service, lambda users: users.more(4000), with_events=True)
    assert (seen.wrong, seen.cut) == ([], [])
    found = service.ask("/metrics").json["traffic"]
    assert {arm["version"] for arm in found["versions"]} == {"1", "4"}
    for arm in found["versions"]:
        counted = {kind: number for (version, kind), number in seen.counted.items() if version == arm["version"]}
        assert arm["requests"] == counted["recommend"] + counted["similar"] + counted["unknown"]
        assert arm["lists"] == counted["recommend"]
        assert arm["errors"] == counted["unknown"]
        assert arm["events"] == {"click": counted["click"], "watch": 0, "rating": counted["rating"]}
        assert arm["click_through"] == round(counted["click"] / counted["recommend"], 6)
        assert arm["click_through_low"] < arm["click_through"] <= arm["click_through_high"]
    text = service.ask("/metrics", Accept="text/plain").text
    name = found["experiment"]
    for (version, kind), number in seen.counted.items():
        if kind == "recommend":
            assert f'recsys_traffic_lists_total{{experiment="{name}",version="{version}"}} {number}' in text
    shadow = found["shadow"]
    assert shadow["failed"] == 0
    assert shadow["compared"] > 0
    assert shadow["compared"] + shadow["dropped"] <= seen.counted["1", "recommend"]
    assert all(len(set(versions)) == 1 for versions in seen.versions.values())
    written = service.log.read_text()
    assert written.count('"logger":"serving.feedback"') >= seen.counted["1", "click"] + seen.counted["4", "click"]
    assert "user 7" not in written


def test_users_stay_with_their_version_over_a_swap_of_production(service: Service, registry: Registry) -> None:
    async def swap(users: Users) -> None:
        await asyncio.to_thread(registry.set_alias, ALIAS, 3)
        await users.until(lambda: service.ask("/health/live").version == "3")
        await asyncio.sleep(1)
        await users.more(1000)

    seen = under_load(service, swap)
    assert (seen.wrong, seen.cut) == ([], [])
    for versions in seen.versions.values():
        own = list(dict.fromkeys(versions))
        assert own in (["4"], ["1", "3"], ["1"], ["3"]), versions


def test_users_stay_with_their_version_over_the_death_of_a_worker(service: Service) -> None:
    async def kill(users: Users) -> None:
        victim = service.worker_pids[0]
        os.kill(victim, signal.SIGKILL)
        await users.until(lambda: victim not in service.worker_pids and service.ask("/metrics").json["workers"] == 4)
        await users.more(1000)

    seen = under_load(service, kill)
    assert seen.wrong == []
    assert len(seen.cut) <= 6, "no more than the connections that it held"
    assert all(len(set(versions)) == 1 for versions in seen.versions.values())
    assert {version for versions in seen.versions.values() for version in versions} == {"1", "4"}


def test_challenger_that_is_altered_in_the_store_leads_to_production_for_everyone(
    service: Service, registry: Registry
) -> None:
    store = Path(registry.tracking_uri.removeprefix("sqlite:///")).parent / "artifacts"
    source = registry.version(5).source.rpartition("/")[2]
    (victim,) = store.glob(f"**/{source}/**/popularity.npy")
    content = victim.read_bytes()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    async def point(users: Users) -> None:
        await asyncio.to_thread(registry.set_alias, CHALLENGER, 5)
        await users.until(lambda: "altered" in (traffic_of(service).get("problem") or ""))
        await asyncio.sleep(1)
        await users.more(600)

    seen = under_load(service, point)
    assert (seen.wrong, seen.cut) == ([], [])
    assert settled_versions(seen) == {user: {"1"} for user in USERS}
    assert "5" not in {version for versions in seen.versions.values() for version in versions}
    health = service.ask("/health")
    assert (health.status, health.json["status"], health.json["reason"]) == (200, "healthy", None)
    assert health.json["traffic"]["problem"].startswith("version 5 cannot be tried: ")
    victim.write_bytes(content)
    service.reload()
    wait_for(service, "5")


def cached_files(service: Service) -> list[Path]:
    """Return one of the files of version 4 in the cache, none while they are being replaced."""
    return [file for file in service.cache.glob("versions/*/4-*/**/popularity.npy") if file.exists()]


def test_challenger_that_is_altered_in_the_cache_is_fetched_again(service: Service) -> None:
    async def alter(users: Users) -> None:
        (victim,) = cached_files(service)
        original = victim.read_bytes()
        with victim.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"\x7f")
        await users.until(lambda: original in [file.read_bytes() for file in cached_files(service)])
        await users.until(lambda: is_split(service, "4"))
        await asyncio.sleep(1)
        await users.more(600)

    seen = under_load(service, alter)
    assert (seen.wrong, seen.cut) == ([], [])
    assert set.union(*settled_versions(seen).values()) == {"1", "4"}


def test_challenger_that_is_pointed_elsewhere_reshuffles_without_a_failed_request(
    service: Service, registry: Registry
) -> None:
    async def point(users: Users) -> None:
        await asyncio.to_thread(registry.set_alias, CHALLENGER, 5)
        await users.until(lambda: is_split(service, "5"))
        await asyncio.sleep(1)
        await users.more(1000)

    seen = under_load(service, point)
    assert (seen.wrong, seen.cut) == ([], [])
    last = settled_versions(seen)
    assert all(len(versions) == 1 for versions in last.values())
    assert set.union(*last.values()) == {"1", "5"}
    moved = [user for user in USERS if ("4" in seen.versions[user][:3]) != (last[user] == {"5"})]
    assert 10 < len(moved) < 50, "a new Challenger draws its users again"


def test_challenger_that_is_deleted_leads_to_production_for_everyone(service: Service, registry: Registry) -> None:
    registry.set_alias(CHALLENGER, 6)
    wait_for(service, "6")

    async def delete(users: Users) -> None:
        await asyncio.to_thread(registry.delete_version, 6)
        await users.until(lambda: "no version has the alias Challenger" in (traffic_of(service).get("problem") or ""))
        await asyncio.sleep(1)
        await users.more(600)

    seen = under_load(service, delete)
    assert (seen.wrong, seen.cut) == ([], [])
    assert settled_versions(seen) == {user: {"1"} for user in USERS}
    assert service.ask("/health").json["status"] == "healthy"


def test_split_stands_during_a_promotion_every_second_for_a_minute(service: Service, registry: Registry) -> None:
    async def promote(users: Users) -> None:
        began = time.monotonic()
        for number, version in zip(range(1, MINUTE + 1), cycle((2, 3, 1)), strict=False):
            await asyncio.to_thread(registry.set_alias, ALIAS, version)
            await asyncio.sleep(max(0.0, began + number - time.monotonic()))

    seen = under_load(service, promote)
    assert (seen.wrong, seen.cut) == ([], [])
    own = {user: set(versions) for user, versions in seen.versions.items()}
    challenged = [user for user, versions in own.items() if "4" in versions]
    assert 15 < len(challenged) < 45
    assert all(own[user] == {"4"} for user in challenged), "nobody has moved"
    assert set.union(*own.values()) == {"1", "2", "3", "4"}
    totals: dict[str, int] = {}
    for line in service.ask("/metrics", Accept="text/plain").text.splitlines():
        if line.startswith("recsys_traffic_lists_total{"):
            version = line.partition('version="')[2].partition('"')[0]
            totals[version] = totals.get(version, 0) + int(line.rpartition(" ")[2])
    assert all(totals[version] >= seen.counted[version, "recommend"] for version in "1234")
    assert client_of(registry).get_registered_model(registry.name).tags[CHALLENGER_TAG] == "50%"
