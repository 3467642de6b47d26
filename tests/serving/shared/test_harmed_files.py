"""Files of the cache that hold something else than was written there: none of it stops a process, or holds it up."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from published_models import publish

from recsys.data import Dataset
from serving.shared.atomic_files import read_json, write_json
from serving.shared.cached_version import CachedVersion, read_pointer, utc_now
from serving.shared.comparison_files import ComparisonFiles
from serving.shared.model_cache import ModelCache
from serving.shared.published_traffic import read_published
from serving.shared.sync_status import SyncStatus, read_status
from serving.shared.version_list import VersionList, read_version_list

POINTER = CachedVersion("movies", 1, "run", "versions/movies/1-abc", "0" * 64, utc_now()).as_json()

HARMS: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda path: path.touch(),
    "part": lambda path: path.write_text(json.dumps(POINTER)[:-5]),
    "no_object": lambda path: path.write_text("[1]"),
    "no_text": lambda path: path.write_bytes(b"\xff\xfe"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "digits": lambda path: path.write_text('{"version": ' + "9" * 5000 + "}"),
    "types": lambda path: path.write_text(
        json.dumps({name: [1] for name in [*POINTER, "versions", "as_of", "problem"]})
    ),
    "folder": lambda path: path.mkdir(),
    "pipe": os.mkfifo,
    "device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.fixture
def cache(tmp_path: Path) -> ModelCache:
    return ModelCache(tmp_path / "cache", "movies", "Production")


@pytest.mark.parametrize("name", HARMS)
def test_harmed_file_reads_as_none_and_is_replaced(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file.json"
    HARMS[name](path)
    assert read_pointer(path) is None
    assert read_published(path) is None
    assert read_status(path) == SyncStatus()
    assert read_version_list(path) == VersionList()
    write_json(path, POINTER)
    assert read_json(path) == POINTER


@pytest.mark.parametrize("folder", ["/etc", "../elsewhere", "versions/../..", "", "versions/a\0b"])
def test_pointer_to_a_folder_outside_the_cache_is_none(tmp_path: Path, folder: str) -> None:
    write_json(tmp_path / "current.json", {**POINTER, "folder": folder})
    assert read_pointer(tmp_path / "current.json") is None


@pytest.mark.parametrize("traffic", [[1], "x", {"challenger_share": 5}, {"challenger": {"folder": "/etc"}}])
def test_pointer_with_harmed_traffic_says_what_is_served(tmp_path: Path, traffic: Any) -> None:
    write_json(tmp_path / "current.json", {**POINTER, "traffic": traffic})
    published = read_published(tmp_path / "current.json")
    assert published is not None
    assert (published.version.version, published.traffic) == (1, None)


def test_version_list_with_a_time_that_is_none_is_empty(tmp_path: Path) -> None:
    listed = {"version": 1, "aliases": [], "run_id": "", "method": None, "dataset": None, "dataset_digest": None}
    write_json(tmp_path / "versions.json", {"as_of": "x", "versions": [{**listed, "metrics": {}, "created": "soon"}]})
    assert read_version_list(tmp_path / "versions.json") == VersionList()


def test_requests_that_are_no_files_are_left_alone(cache: ModelCache) -> None:
    token = cache.requests.add()
    (cache.served / "requests" / "folder").mkdir()
    os.mkfifo(cache.served / "requests" / "pipe")
    assert cache.requests.pending() == {token}
    cache.requests.answered(cache.requests.pending())
    assert cache.requests.is_answered(token)


def test_files_in_the_place_of_folders_are_removed(cache: ModelCache) -> None:
    cache.served.mkdir(parents=True)
    for name in ("requests", "extra"):
        (cache.served / name).touch()
    cache.incoming.touch()
    cache.requests.add()
    ComparisonFiles(cache).want(2)
    with cache.scratch() as folder:
        assert folder.is_dir()


def test_wanted_versions_that_are_no_files_hold_nobody_up(cache: ModelCache) -> None:
    files = ComparisonFiles(cache)
    files.want(2)
    os.mkfifo(files.folder / "3.wanted")
    (files.folder / "4.wanted").write_text("x" * 5000)
    assert files.wanted() == [2]
    with pytest.raises(OSError, match="Errno"):
        files.want(3)
    files.forget_all()
    assert list(files.folder.iterdir()) == []


def test_version_whose_folder_is_a_link_is_not_the_one_that_was_checked(tmp_path: Path, tiny: Dataset) -> None:
    cache = ModelCache(tmp_path / "cache", "movie-recommender", "Production")
    published = publish(cache, tiny)
    assert cache.is_checked(published)
    folder = cache.root / published.folder
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert not cache.is_checked(published)
    assert cache.current_if_whole() is None
