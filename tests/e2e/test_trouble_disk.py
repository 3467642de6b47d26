"""The service when the disk of its cache is full, on a small disk of its own."""

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from load.served_versions import many_movies
from model_stores import add_version, make_store, recipe
from service_process import Service

from recsys.registry import Registry

pytestmark = pytest.mark.slow

QUESTION = {"user_ratings": {"10": 5, "20": 4}}
KIB = 1024
START_KIB = 6 * KIB
"""Room for one version of 3.3 MB, but not for two."""

Resize = Callable[[int], None]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry with two versions, without an alias."""
    registry = make_store(tmp_path_factory.mktemp("registry"))
    for method in ("content-cosine", "content-jaccard"):
        add_version(registry, many_movies(), recipe(method))
    return registry


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Resize]]:
    """Yield a small disk and a way to give it another size."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options: str) -> subprocess.CompletedProcess[str]:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    try:
        done = mount(f"size={START_KIB}k")
    except FileNotFoundError:
        pytest.skip("there is no mount command, so no small disk can be made")
    if done.returncode:
        pytest.skip(f"no small disk can be mounted (root only): {done.stderr.strip()}")
    yield folder, lambda kib: mount(f"remount,size={kib}k").check_returncode()
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Write a file until the disk is full to the last byte, and return it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as handle:
        for size in (64 * KIB, 1):
            try:
                while handle.write(b"x" * size):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    return filler


def start(start_service: Any, registry: Registry, alias: str, cache: Path) -> Service:
    registry.set_alias(alias, 1)
    service: Service = start_service(alias, cache=cache, MLFLOW_TRACKING_URI=registry.tracking_uri)
    service.wait_for_version("1")
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
    return service


def test_disk_without_room_for_a_version_keeps_the_old_one_until_there_is(
    start_service: Any, registry: Registry, disk: tuple[Path, Resize]
) -> None:
    folder, resize = disk
    service = start(start_service, registry, "Cramped", folder / "cache")
    registry.set_alias("Cramped", 2)
    service.wait_until(lambda: service.ask("/health").json["status"] == "degraded")
    health = service.ask("/health").json
    assert health["model_version"] == "1"
    assert os.strerror(errno.ENOSPC) in health["reason"]
    assert health["reason"].endswith("make room on the disk")
    assert service.ask("/recommend", QUESTION).version == "1"
    assert list(service.cache.glob("versions/*/2-*")) == []
    service.wait_until(lambda: list((service.cache / "incoming").iterdir()) == [])
    resize(START_KIB * 4)
    service.wait_for_version("2")
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
    assert service.stop() == 0


def test_disk_full_to_the_last_byte_serves_on_and_recovers(
    start_service: Any, registry: Registry, disk: tuple[Path, Resize]
) -> None:
    folder, resize = disk
    resize(START_KIB * 4)
    service = start(start_service, registry, "Full", folder / "cache")
    filler = fill(folder)
    registry.set_alias("Full", 2)
    service.wait_until(lambda: "cannot be written" in service.log.read_text())
    for _ in range(50):
        assert service.ask("/recommend", QUESTION).version == "1"
    assert service.ask("/health").json["model_version"] == "1"
    assert service.stop() == 0
    again = start_service("Full", cache=service.cache, MLFLOW_TRACKING_URI=registry.tracking_uri)
    again.wait_for_version("1")
    assert again.ask("/recommend", QUESTION).status == 200
    filler.unlink()
    again.wait_for_version("2")
    again.wait_until(lambda: again.ask("/health").json["status"] == "healthy")
    assert again.stop() == 0
