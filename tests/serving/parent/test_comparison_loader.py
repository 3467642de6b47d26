"""The loader of versions for comparisons, against a registry that is told what to say."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from published_models import save_artifacts
from pydantic import SecretStr

from recsys.checksums import sha256_of, tree_sha256
from recsys.data import Dataset
from recsys.errors import RegistryError
from recsys.manifest import MANIFEST
from recsys.setting_groups import ModelSettings
from recsys.signatures import Signatures
from recsys.storage import LOGGED_FOLDER
from serving.mlflow_child.version_listing import NEWEST, ask_for_versions
from serving.parent import comparison_loader as version_loader
from serving.parent.checked_download import Admission, check_signature_of
from serving.parent.comparison_loader import VersionLoader
from serving.shared import cached_version, comparison_files
from serving.shared.atomic_files import read_json
from serving.shared.comparison_files import KEPT_COMPARISONS, ComparisonFiles, ComparisonVersion
from serving.shared.model_cache import KEPT_VERSIONS, ModelCache
from serving.shared.version_list import VersionList, read_version_list

N_VERSIONS = 6


@dataclass
class ToldRegistry:
    """A registry that gives what the test has put in."""

    store: Path
    name: str = "movie-recommender"
    set_aliases: dict[str, int] = field(default_factory=dict)
    tags: dict[int, dict[str, str]] = field(default_factory=dict)
    failure: Exception | None = None
    downloads: list[int] = field(default_factory=list)

    def put(self, version: int, folder: Path) -> None:
        sums = {
            "recsys.artifact_sha256": tree_sha256(folder),
            "recsys.model_json_sha256": sha256_of(folder / LOGGED_FOLDER / MANIFEST),
        }
        self.tags[version] = {**sums, "method": "content-cosine", "ndcg_at_10": "0.25", "gate": "passed"}

    def listing(self) -> VersionList:
        return ask_for_versions(self)  # type: ignore[arg-type]

    def aliases(self) -> dict[str, int]:
        if self.failure:
            raise self.failure
        return self.set_aliases

    def versions(self) -> list[Any]:
        return [self.version(number) for number in sorted(self.tags, reverse=True)]

    def version(self, number: int) -> Any:
        if number not in self.tags:
            raise RegistryError(f"the registry does not hold version {number}")
        return SimpleNamespace(
            name=self.name,
            version=number,
            run_id=f"run-{number}",
            tags=self.tags[number],
            created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        )

    def download(self, version: Any, folder: Path) -> Path:
        self.downloads.append(version.version)
        shutil.copytree(self.store, folder, dirs_exist_ok=True)
        return folder


@pytest.fixture
def registry(tmp_path: Path, tiny: Dataset) -> ToldRegistry:
    told = ToldRegistry(tmp_path / "store")
    save_artifacts(tiny, told.store, "content-cosine")
    for version in range(1, N_VERSIONS + 1):
        told.put(version, told.store)
    return told


@pytest.fixture
def loader(registry: ToldRegistry, model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch) -> Iterator[VersionLoader]:
    """Return a loader that leaves out the trial as pyfunc, for which MLflow would have to be there."""
    model_cache.lock.acquire()
    yield VersionLoader(registry, model_cache, 10.0, Admission(lambda _: None))
    model_cache.lock.release()


@pytest.fixture
def extra(model_cache: ModelCache) -> ComparisonFiles:
    return ComparisonFiles(model_cache)


def want(extra: ComparisonFiles, *versions: int) -> None:
    """Ask for versions, one after the other."""
    for position, version in enumerate(versions):
        extra.want(version)
        path = extra.folder / f"{version}.wanted"
        stamp = path.stat().st_mtime_ns + position * 1_000_000
        os.utime(path, ns=(stamp, stamp))


def test_look_wanted_version_becomes_ready(
    loader: VersionLoader, extra: ComparisonFiles, model_cache: ModelCache
) -> None:
    want(extra, 3)
    assert extra.state(3) == ("loading", None)
    loader.look()
    assert extra.state(3) == ("ready", None)
    found = extra.get(3)
    assert found is not None
    assert found.published is not None
    assert model_cache.is_intact(found.published)
    assert model_cache.current() is None, "what is served is for the sync to say"


def test_look_ready_version_is_not_fetched_again(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry
) -> None:
    want(extra, 3)
    for _ in range(3):
        loader.look()
    assert registry.downloads == [3]


def test_look_version_that_has_vanished_from_the_cache_is_fetched_again(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    want(extra, 3)
    loader.look()
    shutil.rmtree(model_cache.versions)
    loader.look()
    assert registry.downloads == [3, 3]


@pytest.mark.parametrize("is_reachable", [True, False])
def test_look_pointer_that_was_forged_with_its_files_is_written_again_or_refused(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry, is_reachable: bool
) -> None:
    key = ModelSettings(signing_key=SecretStr("k" * 32), require_signature=True)
    signatures = Signatures.of(key)
    registry.tags[3] |= signatures.tags_for(registry.tags[3])
    loader.admission = Admission(lambda _: None, signatures.check, check_signature_of(key))
    want(extra, 3)
    loader.look()
    genuine = extra.get(3)
    assert genuine is not None
    assert genuine.published is not None
    extra.put(3, ComparisonVersion(replace(genuine.published, signature="0" * 64)))
    if not is_reachable:
        del registry.tags[3]
    loader.look()
    found = extra.get(3)
    assert found is not None
    if is_reachable:
        assert found.published is not None
        assert found.published.signature == genuine.published.signature
    else:
        assert (found.published, found.problem) == (None, "the registry does not hold version 3")


def test_look_third_version_lets_go_of_the_one_used_longest_ago(loader: VersionLoader, extra: ComparisonFiles) -> None:
    want(extra, 2, 3)
    loader.look()
    want(extra, 2, 4)
    loader.look()
    assert [version for version in range(1, N_VERSIONS + 1) if extra.state(version)[0] == "ready"] == [2, 4]
    assert extra.state(3) == ("available", None)


def test_look_disk_holds_few_versions_and_never_lets_go_of_one_in_use(
    loader: VersionLoader, extra: ComparisonFiles, model_cache: ModelCache
) -> None:
    for version in range(1, N_VERSIONS + 1):
        want(extra, version)
        loader.look()
    held = [extra.get(version) for version in extra.wanted()]
    assert len(held) == KEPT_COMPARISONS
    assert all(found and found.published and model_cache.is_intact(found.published) for found in held)
    assert len(list(model_cache.versions.iterdir())) <= KEPT_VERSIONS


def test_look_altered_version_is_refused_and_not_stored(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    registry.tags[3]["recsys.artifact_sha256"] = "0" * 64
    want(extra, 3)
    loader.look()
    state, problem = extra.state(3)
    assert state == "refused"
    assert "altered" in str(problem)
    assert not model_cache.versions.exists()
    assert list(model_cache.incoming.iterdir()) == []


def test_look_refused_version_is_tried_again_when_asked_for_later(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = registry.tags[3]["recsys.artifact_sha256"]
    registry.tags[3]["recsys.artifact_sha256"] = "0" * 64
    want(extra, 3)
    loader.look()
    registry.tags[3]["recsys.artifact_sha256"] = right
    loader.look()
    assert extra.state(3)[0] == "refused", "not at once"
    later = loader._refused_at[3] + version_loader.RETRY_SECONDS + 1
    monkeypatch.setattr(version_loader.time, "monotonic", lambda: later)
    loader.look()
    assert extra.state(3)[0] == "ready"


def test_look_full_disk_refuses_the_version_and_waits_before_the_next_attempt(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    want(extra, 3)
    with monkeypatch.context() as full:
        full.setattr(ComparisonFiles, "put", fail)
        for _ in range(3):
            loader.look()
    assert registry.downloads == [3]
    later = loader._refused_at[3] + version_loader.RETRY_SECONDS + 1
    monkeypatch.setattr(version_loader.time, "monotonic", lambda: later)
    loader.look()
    assert extra.state(3) == ("ready", None)


def test_extra_versions_get_reads_the_file_once(
    loader: VersionLoader, extra: ComparisonFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two reads may meet two contents: a file that is replaced in between would give a state that never was."""
    want(extra, 3)
    loader.look()
    reads = []

    def counted(path: Path) -> Any:
        reads.append(path)
        return read_json(path)

    for module in (comparison_files, cached_version):
        monkeypatch.setattr(module, "read_json", counted)
    assert extra.get(3) is not None
    assert len(reads) == 1


def test_look_version_that_does_not_exist_is_refused(loader: VersionLoader, extra: ComparisonFiles) -> None:
    want(extra, 99)
    loader.look()
    assert extra.state(99)[0] == "refused"


def test_look_without_the_lock_does_nothing(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    model_cache.lock.release()
    want(extra, 3)
    loader.look()
    assert registry.downloads == []
    assert not extra.list.exists()


def test_look_lists_versions_with_their_aliases_and_metrics(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry
) -> None:
    registry.set_aliases = {"Production": 2, "production": 2, "Challenger": 6, "mine": 6}
    loader.look()
    found = read_version_list(extra.list)
    assert [listed.version for listed in found.versions] == [6, 5, 4, 3, 2, 1]
    assert found.versions[0].aliases == ("Challenger", "mine")
    assert found.versions[4].aliases == ("Production",)
    assert found.versions[0].metrics == {"ndcg_at_10": 0.25}
    assert found.versions[0].created == "2026-01-02T03:04:05Z"


def test_look_unreachable_registry_leaves_the_list_as_it_was(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry
) -> None:
    loader.look()
    before = read_version_list(extra.list)
    registry.failure = RegistryError("no way")
    loader._listed_at = float("-inf")
    loader.look()
    assert read_version_list(extra.list) == before


def test_ask_for_versions_leaves_out_old_ones_without_an_alias(registry: ToldRegistry) -> None:
    for version in range(N_VERSIONS + 1, NEWEST + 10):
        registry.tags[version] = {}
    registry.set_aliases = {"Production": 1}
    found = ask_for_versions(registry)  # type: ignore[arg-type]
    assert len(found.versions) == NEWEST + 1
    assert found.versions[-1].version == 1


def test_loader_start_forgets_what_was_wanted_before(
    loader: VersionLoader, extra: ComparisonFiles, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    want(extra, 3)
    loader.look()
    VersionLoader(registry, model_cache, 10.0, Admission(lambda _: None))
    assert extra.state(3) == ("available", None)
