"""The service when the files of a version are missing or altered, or it dies while it fetches them."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from load.gate import Gate, gate_to
from load.processes import is_running, wait_until
from load.served_versions import ServedVersions
from service_process import Service

pytestmark = pytest.mark.slow

QUESTION = {"user_ratings": {"10": 5, "20": 4}}
WEIGHTS = "item_weights.values.npy"
WEIGHTS_BYTES = 900 * 900 * 4


@pytest.fixture
def gate(served: ServedVersions) -> Iterator[Gate]:
    """Yield a gate that holds back the second half of the matrix of item weights."""
    with gate_to(served.url) as gate:
        gate.lets_through = WEIGHTS_BYTES * 2 // 3
        yield gate


@pytest.fixture(scope="module")
def service(start_service: Any, served: ServedVersions) -> Service:
    """Return a service that serves version 1."""
    served.registry.set_alias("Harmed", 1)
    started: Service = start_service("Harmed", MLFLOW_TRACKING_URI=served.url, RECSYS_API__WORKERS="1")
    started.wait_for_version("1")
    return started


def remove(path: Path) -> None:
    path.unlink()


def remove_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def alter(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def add_code(path: Path) -> None:
    (path.parent / "sitecustomize.py").write_text("raise SystemExit\n")


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (remove, "altered"),
        (remove_folder, "altered"),
        (alter, "altered"),
        (cut_short, "altered"),
        (add_code, "altered"),
    ],
)
def test_harmed_version_is_refused_until_it_is_restored(
    service: Service, served: ServedVersions, tmp_path: Path, harm: Callable[[Path], None], complaint: str
) -> None:
    folder = served.file(2, WEIGHTS).parent
    shutil.copytree(folder, tmp_path / "whole")
    harm(served.file(2, WEIGHTS))
    try:
        served.registry.set_alias("Harmed", 2)
        service.wait_until(lambda: service.ask("/health").json["status"] == "degraded")
        health = service.ask("/health").json
        assert health["model_version"] == "1"
        assert complaint in health["reason"]
        assert "version 2" in health["reason"]
        assert service.ask("/recommend", QUESTION).version == "1"
        assert list(service.cache.glob("versions/*/2-*")) == []
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "whole", folder)
    service.wait_for_version("2")
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
    served.registry.set_alias("Harmed", 1)
    service.wait_for_version("1")
    for kept in service.cache.glob("versions/*/2-*"):
        shutil.rmtree(kept)


@pytest.mark.parametrize("where", ["in place of a file", "beside the files"])
def test_huge_file_is_refused_before_any_of_it_is_fetched(service: Service, served: ServedVersions, where: str) -> None:
    victim = served.file(2, WEIGHTS)
    original = victim.read_bytes()
    huge = victim if where == "in place of a file" else victim.with_name("more.npy")
    with huge.open("ab") as file:
        file.truncate(3_000_000_000)
    try:
        served.registry.set_alias("Harmed", 2)
        service.wait_until(lambda: service.ask("/health").json["status"] == "degraded")
        reason = service.ask("/health").json["reason"]
        assert reason.endswith("nothing is fetched")
        assert "3" in reason
        assert service.ask("/recommend", QUESTION).version == "1"
    finally:
        huge.unlink()
        victim.write_bytes(original)
        served.registry.set_alias("Harmed", 1)
    service.reload()
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")


def test_restart_over_a_harmed_version_serves_the_last_good_one(start_service: Any, served: ServedVersions) -> None:
    served.registry.set_alias("Again", 1)
    first = start_service("Again", MLFLOW_TRACKING_URI=served.url, RECSYS_API__WORKERS="1")
    first.wait_for_version("1")
    assert first.stop() == 0
    victim = served.file(2, WEIGHTS)
    original = victim.read_bytes()
    alter(victim)
    try:
        served.registry.set_alias("Again", 2)
        second = start_service("Again", cache=first.cache, MLFLOW_TRACKING_URI=served.url, RECSYS_API__WORKERS="1")
        second.wait_for_version("1")
        second.wait_until(lambda: second.ask("/health").json["status"] == "degraded")
        assert "altered" in second.ask("/health").json["reason"]
        assert second.ask("/recommend", QUESTION).version == "1"
    finally:
        victim.write_bytes(original)


def half_file(cache: Path) -> Path | None:
    """Return a matrix of which a part has been written."""
    found = [path for path in cache.glob(f"incoming/**/{WEIGHTS}*") if 0 < path.stat().st_size < WEIGHTS_BYTES]
    return found[0] if found else None


def killed_in_the_middle(service: Service, gate: Gate) -> None:
    """Kill the parent once half of a file has been fetched, and wait until its workers have ended."""
    assert gate.stuck.wait(120), service.story()
    wait_until(lambda: half_file(service.cache) is not None)
    workers = service.worker_pids
    service.process.send_signal(signal.SIGKILL)
    service.process.wait()
    wait_until(lambda: not any(map(is_running, workers)))
    assert half_file(service.cache) is not None


@pytest.mark.parametrize("has_version", [True, False], ids=["warm", "cold"])
def test_killed_during_a_download_starts_again_as_if_nothing_had_been(
    start_service: Any, served: ServedVersions, gate: Gate, has_version: bool
) -> None:
    alias = f"Torn{has_version}"
    served.registry.set_alias(alias, 1 if has_version else 2)
    if not has_version:
        gate.holds_back = WEIGHTS.encode()
    service = start_service(alias, MLFLOW_TRACKING_URI=gate.url, RECSYS_API__WORKERS="2")
    if has_version:
        service.wait_for_version("1")
        gate.holds_back = WEIGHTS.encode()
        served.registry.set_alias(alias, 2)
    killed_in_the_middle(service, gate)
    again = start_service(alias, cache=service.cache, MLFLOW_TRACKING_URI=gate.url, RECSYS_API__WORKERS="2")
    if has_version:
        again.wait_for_version("1")
        assert again.ask("/recommend", QUESTION).version == "1"
    else:
        again.wait_until(lambda: again.ask("/health").status == 503)
    gate.release()
    again.wait_for_version("2")
    again.wait_until(lambda: again.ask("/health").json["status"] == "healthy")
    assert again.ask("/recommend", QUESTION).status == 200
    assert again.stop() == 0
    assert list((service.cache / "incoming").iterdir()) == [], "nothing of the torn download is left"


def test_second_service_on_a_cache_takes_over_when_the_first_is_killed_during_a_download(
    start_service: Any, served: ServedVersions, gate: Gate
) -> None:
    served.registry.set_alias("Shared", 1)
    first = start_service("Shared", MLFLOW_TRACKING_URI=gate.url, RECSYS_API__WORKERS="1")
    first.wait_for_version("1")
    second = start_service("Shared", cache=first.cache, MLFLOW_TRACKING_URI=served.url, RECSYS_API__WORKERS="1")
    second.wait_for_version("1")
    gate.holds_back = WEIGHTS.encode()
    served.registry.set_alias("Shared", 2)
    assert second.ask("/recommend", QUESTION).version == "1"
    killed_in_the_middle(first, gate)
    second.wait_for_version("2")
    second.wait_until(lambda: second.ask("/health").json["status"] == "healthy")
    assert second.stop() == 0
