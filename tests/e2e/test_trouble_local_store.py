"""An artifact store on this machine in which lies what is no file: refused, told, and nothing waits for it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from model_stores import add_version, make_store, recipe
from service_process import Service

from recsys.alias.tag_names import read_tag
from recsys.data import Dataset
from recsys.model_checks import SIZE_TAG
from recsys.registry import Registry

pytestmark = pytest.mark.slow

QUESTION = {"user_ratings": {"10": 5, "20": 4}}


@pytest.fixture(scope="module")
def registry(tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Registry:
    """Return a registry with two versions, 1 of them under the alias; the service copies their files itself."""
    registry = make_store(tmp_path_factory.mktemp("registry"))
    for method in ("content-cosine", "content-jaccard"):
        add_version(registry, tiny, recipe(method))
    registry.set_alias("Local", 1)
    return registry


@pytest.fixture(scope="module")
def service(start_service: Any, registry: Registry) -> Service:
    """Return a service that serves version 1."""
    started: Service = start_service(
        "Local",
        MLFLOW_TRACKING_URI=registry.tracking_uri,
        RECSYS_API__WORKERS="1",
        RECSYS_MODEL__DOWNLOAD_SECONDS="30",
    )
    started.wait_for_version("1")
    return started


@pytest.fixture
def folder(service: Service, registry: Registry) -> Iterator[Path]:
    """Yield the folder of version 2 in the store; afterwards version 1 is served, and version 2 is nowhere else."""
    root = Path(registry.tracking_uri.removeprefix("sqlite:///")).parent / "artifacts"
    source = registry.version(2).source.rpartition("/")[2]
    (found,) = root.glob(f"**/{source}/artifacts")
    yield found
    registry.set_alias("Local", 1)
    service.wait_for_version("1")
    for kept in service.cache.glob("versions/*/2-*"):
        kept.rename(service.cache / f"away-{os.urandom(4).hex()}")


def link_to_pipe(folder: Path) -> None:
    os.mkfifo(folder.parent / "pipe-beside")
    (folder / "more").symlink_to(folder.parent / "pipe-beside")


def name_that_is_no_text(folder: Path) -> None:
    descriptor = os.open(os.path.join(os.fsencode(folder), b"more\xff"), os.O_CREAT)  # noqa: PTH118
    os.close(descriptor)


STRANGERS: dict[str, Callable[[Path], Any]] = {
    "a pipe": lambda folder: os.mkfifo(folder / "more"),
    "a link to a pipe": link_to_pipe,
    "a link to a device without end": lambda folder: (folder / "more").symlink_to("/dev/zero"),
    "a link to its own folder": lambda folder: (folder / "more").symlink_to(folder),
    "a link to itself": lambda folder: (folder / "more").symlink_to(folder / "more"),
    "a link to nothing": lambda folder: (folder / "more").symlink_to("nowhere"),
    "a link to a file elsewhere": lambda folder: (folder / "more").symlink_to("/etc/hostname"),
    "a link to all there is": lambda folder: (folder / "more").symlink_to("/"),
    "a name that is no text": name_that_is_no_text,
}


@pytest.mark.parametrize("name", STRANGERS)
def test_stranger_among_the_files_is_refused_and_the_version_is_taken_once_it_is_gone(
    service: Service, registry: Registry, folder: Path, name: str
) -> None:
    assert read_tag(registry.version(2).tags, SIZE_TAG)
    n_before = len(service.lines)
    STRANGERS[name](folder)
    try:
        registry.set_alias("Local", 2)
        service.wait_until(lambda: service.ask("/health").json["status"] == "degraded")
        health = service.ask("/health").json
        assert health["model_version"] == service.ask("/recommend", QUESTION).version == "1"
        assert "\n" not in health["reason"]
        assert list(service.cache.glob("versions/*/2-*")) == []
    finally:
        for path in (*folder.glob("more*"), *folder.parent.glob("pipe-beside")):
            path.unlink()
    service.reload()
    service.wait_for_version("2")
    service.wait_until(lambda: list((service.cache / "incoming").iterdir()) == [])
    assert [line for line in service.lines[n_before:] if "Traceback" in str(line)] == []
