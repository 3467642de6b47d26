"""An artifact store that drips, sends more than it lists, or lists what cannot be: refused, told, nothing is left."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from load.altering_proxy import ARTIFACTS, Alteration, AlteringProxy, altering_proxy
from load.processes import children_of, is_running, wait_until
from load.served_versions import WEIGHTS, ServedVersions
from mlflow import MlflowClient
from service_process import Service

from recsys.model_checks import SIZE_TAG

pytestmark = pytest.mark.slow

MODEL = "movie-recommender"
QUESTION = {"user_ratings": {"10": 5, "20": 4}}
DOWNLOAD_SECONDS = "20"
MAX_BYTES = 50_000_000
EVIL = "evil-of-the-tests"

Listed = list[dict[str, Any]]
Alter = Callable[[AlteringProxy], Alteration]


@pytest.fixture(scope="module")
def proxy(served: ServedVersions) -> Iterator[AlteringProxy]:
    """Yield the proxy between the service and the server."""
    with altering_proxy(served.url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def service(start_service: Any, served: ServedVersions, proxy: AlteringProxy) -> Service:
    """Return a service that serves version 1."""
    served.registry.set_alias("Stored", 1)
    started: Service = start_service(
        "Stored",
        MLFLOW_TRACKING_URI=proxy.url,
        RECSYS_API__WORKERS="1",
        RECSYS_MODEL__DOWNLOAD_SECONDS=DOWNLOAD_SECONDS,
        RECSYS_MODEL__MAX_BYTES=str(MAX_BYTES),
    )
    started.wait_for_workers(1)
    return started


def lists(change: Callable[[Listed], Any]) -> Alter:
    """Return an alteration of the list of the folder that a version's files lie in."""

    def alter(_path: str, content: bytes) -> Iterator[bytes] | None:
        files: Listed = json.loads(content).get("files", [])
        if not any(file["path"] == "MLmodel" for file in files):
            return None
        changed = change(files)
        return iter([json.dumps({"files": files if changed is None else changed}).encode()])

    return lambda _: lambda path, content: alter(path, content) if f"{ARTIFACTS}?" in path else None


def lists_also(**file: Any) -> Alter:
    """Return an alteration that lists one file more, empty so that the sum is right, and gives it to whoever asks."""
    listed = lists(lambda files: files.append({"is_dir": False, "file_size": 0, **file}))

    def given(path: str) -> Iterator[bytes] | None:
        return iter([b"evil"]) if EVIL in path or path.endswith("/mlmodel") else None

    return lambda proxy: lambda path, content: listed(proxy)(path, content) or given(path)


def files_are(pieces: Callable[[AlteringProxy, bytes], Iterator[bytes]]) -> Alter:
    """Return an alteration of the file of the weights."""
    return lambda proxy: lambda path, content: pieces(proxy, content) if WEIGHTS in path else None


def endless() -> Iterator[bytes]:
    while True:
        yield bytes(65_536)


def folder_in_folder(_: AlteringProxy) -> Alteration:
    """Return an alteration that lists a folder in each folder."""
    answer = json.dumps({"files": [{"path": "deeper", "is_dir": True}]}).encode()
    return lambda path, _: iter([answer]) if f"{ARTIFACTS}?" in path else None


DRIPS = files_are(lambda proxy, _: proxy.dripping(2.0))
NOTHING_FETCHED = "nothing is fetched"

TROUBLES: dict[str, tuple[Alter, str]] = {
    "a file that drips": (DRIPS, f"no answer within {DOWNLOAD_SECONDS} seconds"),
    "a list that drips": (
        lambda proxy: lambda path, _: proxy.dripping(2.0) if f"{ARTIFACTS}?" in path else None,
        "no answer within",
    ),
    "a file without end": (files_are(lambda *_: endless()), "more comes in than"),
    "a file that is longer than listed": (files_are(lambda _, content: iter([content, bytes(9_000_000)])), "altered"),
    "a file that is cut": (files_are(lambda _, content: iter([content[:5000]])), ""),
    "a file of another content": (files_are(lambda _, content: iter([bytes(len(content))])), "altered"),
    "3 GB": (lists_also(path="more", file_size=3_000_000_000), NOTHING_FETCHED),
    "more than any number": (lists_also(path="more", file_size=10**30), NOTHING_FETCHED),
    "a size below nothing": (lists_also(path="more", file_size=-5), "makes no sense"),
    "a size that is none": (lists_also(path="more", file_size="many"), "makes no sense"),
    "a folder in each folder": (folder_in_folder, ""),
    "many files": (
        lists(lambda _: [{"path": f"f{number}", "is_dir": False, "file_size": 0} for number in range(10_001)]),
        "lists more than 10000 files",
    ),
    "no list": (lambda _: lambda path, _c: iter([b"[1, 2]"]) if f"{ARTIFACTS}?" in path else None, "makes no sense"),
    "no JSON": (lambda _: lambda path, _c: iter([b"<html>"]) if f"{ARTIFACTS}?" in path else None, ""),
    "a list of no files": (lists(lambda _: [1, None, "x"]), "makes no sense"),
    "a file without a name": (lists(lambda files: files.append({"is_dir": False, "file_size": 3})), "makes no sense"),
    "a name twice": (lists(lambda files: files + files), ""),
    "names that differ in case": (lists_also(path="mlmodel"), ""),
    "a file and a folder of one name": (lists_also(path="MLmodel", is_dir=True), ""),
    "a way out": (lists_also(path=f"../../{EVIL}"), ""),
    "a way out of the middle": (lists_also(path=f"data/../../../{EVIL}"), ""),
    "an encoded way out": (lists_also(path=f"%2e%2e/%2e%2e/{EVIL}"), ""),
    "a way out for others": (lists_also(path=f"..\\..\\{EVIL}"), ""),
    "a path from the root": (lists_also(path=f"/tmp/{EVIL}"), ""),
    "an address": (lists_also(path=f"file:///tmp/{EVIL}"), ""),
    "a null byte": (lists_also(path=f"{EVIL}\0"), ""),
    "the folder itself": (lists_also(path=".", is_dir=True), ""),
}
"""An alteration each, and what ``/health`` says of it where the words are this product's own."""


def jobs_of(service: Service) -> list[int]:
    """Return the processes that the template has forked: they talk to the registry and fetch."""
    own = [pid for pid in children_of(service.process.pid) if pid not in service.worker_pids]
    return [job for template in own for job in children_of(template) if is_running(job)]


def clean_up(service: Service, served: ServedVersions) -> None:
    """Let version 1 be served again, and nothing of version 2 be left in the cache."""
    served.registry.set_alias("Stored", 1)
    service.wait_for_version("1")
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
    for kept in service.cache.glob("versions/*/2-*"):
        shutil.rmtree(kept)


@pytest.mark.parametrize("name", TROUBLES)
def test_troubled_store_is_told_of_and_the_next_good_version_is_taken(
    service: Service, served: ServedVersions, proxy: AlteringProxy, name: str
) -> None:
    alteration, words = TROUBLES[name]
    proxy.alter = alteration(proxy)
    proxy.asked.clear()
    n_before = len(service.lines)
    try:
        served.registry.set_alias("Stored", 2)
        service.wait_until(lambda: service.ask("/health").json["status"] == "degraded")
        health = service.ask("/health").json
        assert words in health["reason"]
        assert "\n" not in health["reason"]
        assert health["model_version"] == service.ask("/recommend", QUESTION).version == "1"
        assert list(service.cache.glob("versions/*/2-*")) == []
        if words == NOTHING_FETCHED:
            assert not [path for path in proxy.asked if f"{ARTIFACTS}?" not in path]
    finally:
        proxy.alter = lambda *_: None
    assert [*Path("/tmp").glob(f"*{EVIL}*"), *service.cache.parent.rglob(f"*{EVIL}*")] == []
    service.reload()
    service.wait_for_version("2")
    service.wait_until(lambda: list((service.cache / "incoming").iterdir()) == [])
    clean_up(service, served)
    assert [line for line in service.lines[n_before:] if "Traceback" in str(line)] == []


def test_download_that_drips_leaves_no_process_and_no_folder(
    service: Service, served: ServedVersions, proxy: AlteringProxy
) -> None:
    proxy.alter = DRIPS(proxy)
    try:
        service.wait_until(lambda: len(jobs_of(service)) >= 1)
        before = set(jobs_of(service))
        served.registry.set_alias("Stored", 2)
        service.wait_until(lambda: list(service.cache.glob(f"incoming/**/{WEIGHTS}*")) != [])
        service.wait_until(lambda: "no answer within" in (service.ask("/health").json["reason"] or ""))
        served.registry.set_alias("Stored", 1)
        wait_until(lambda: list((service.cache / "incoming").iterdir()) == [])
        # One process is killed with the download: that which had the connection of the sync.
        wait_until(lambda: not all(map(is_running, before)))
        service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
        assert len(jobs_of(service)) <= 2, "one for the sync, one for the rest"
    finally:
        proxy.alter = lambda *_: None
    clean_up(service, served)


def test_version_without_a_registered_size_is_held_to_the_limit(
    service: Service, served: ServedVersions, proxy: AlteringProxy
) -> None:
    """As registered by an earlier release."""
    size = served.registry.version(2).tags[SIZE_TAG]
    MlflowClient(served.url).delete_model_version_tag(MODEL, "2", SIZE_TAG)
    proxy.alter = lists_also(path="more", file_size=MAX_BYTES)(proxy)
    try:
        served.registry.set_alias("Stored", 2)
        service.wait_until(lambda: f"more than {MAX_BYTES}" in (service.ask("/health").json["reason"] or ""))
        assert "RECSYS_MODEL__MAX_BYTES allows more" in service.ask("/health").json["reason"]
    finally:
        proxy.alter = lambda *_: None
        served.registry.tag_version(2, {SIZE_TAG: size})
    clean_up(service, served)
