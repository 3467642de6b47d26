"""The sync against a registry that is told what to say; the real one is met in tests/e2e."""

import json
import os
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from published_models import store
from pydantic import SecretStr
from told_registry import ToldRegistry

from recsys.data import Dataset
from recsys.errors import ArtifactError, NotRegisteredError, RegistryError
from recsys.manifest import MANIFEST
from recsys.setting_groups import ModelSettings
from recsys.signatures import SIGNATURE_TAG, Signatures
from recsys.storage import LOGGED_FOLDER
from serving.parent.checked_download import Admission, admitted_from_cache, check_signature_of
from serving.parent.follow_alias import Sync
from serving.shared.atomic_files import write_json
from serving.shared.cached_version import CachedVersion, is_withdrawn
from serving.shared.model_cache import ModelCache
from serving.shared.published_traffic import Published
from serving.shared.sync_status import read_status


@pytest.fixture
def registry(tmp_path: Path, tiny: Dataset) -> ToldRegistry:
    told = ToldRegistry(tmp_path / "store")
    told.put(1, tiny, "content-cosine")
    told.put(2, tiny, "content-jaccard")
    return told


@pytest.fixture
def sync(registry: ToldRegistry, model_cache: ModelCache) -> Sync:
    """Return a sync that leaves out the smoke test, for which MLflow would have to be there."""
    return Sync(registry, "Production", model_cache, 10.0, Admission(lambda _: None))


def served(model_cache: ModelCache) -> int | None:
    current = model_cache.current_if_whole()
    return current and current.version


def test_check_first_version_is_published(sync: Sync, model_cache: ModelCache) -> None:
    status = sync.check()
    assert (status.registry_reachable, status.problem) == (True, None)
    assert served(model_cache) == 1
    assert read_status(model_cache.status) == status
    assert list(model_cache.incoming.iterdir()) == []


def test_check_same_version_is_not_fetched_again(sync: Sync, registry: ToldRegistry, model_cache: ModelCache) -> None:
    sync.check()
    before = model_cache.pointer.stat()
    sync.check()
    assert registry.downloads == 1
    assert model_cache.pointer.stat() == before


def test_check_rollback_downloads_nothing(sync: Sync, registry: ToldRegistry, model_cache: ModelCache) -> None:
    for version in (1, 2, 1):
        registry.points_to = version
        sync.check()
        assert served(model_cache) == version
    assert registry.downloads == 2


def test_check_no_alias_says_so_and_serves_on(sync: Sync, registry: ToldRegistry, model_cache: ModelCache) -> None:
    sync.check()
    registry.points_to = None
    status = sync.check()
    assert status.registry_reachable
    assert "has the alias Production" in str(status.problem)
    assert served(model_cache) == 1


def test_check_unreachable_registry_serves_on(sync: Sync, registry: ToldRegistry, model_cache: ModelCache) -> None:
    sync.check()
    registry.failure = RegistryError("no way")
    status = sync.check()
    assert (status.registry_reachable, status.problem) == (False, "no way")
    assert served(model_cache) == 1
    registry.failure = None
    assert sync.check().problem is None


def test_check_deleted_version_is_not_taken_for_an_unreachable_registry(sync: Sync, registry: ToldRegistry) -> None:
    registry.failure = NotRegisteredError("version 9 is gone")
    assert sync.check().registry_reachable


@pytest.mark.parametrize("harm", ["altered", "added", "removed", "renamed", "bytecode", "link", "no tag", "other tag"])
def test_check_harmed_version_is_refused(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache, harm: str
) -> None:
    sync.check()
    folder = registry.store / "2"
    victim = folder / LOGGED_FOLDER / "popularity.npy"
    if harm == "altered":
        victim.write_bytes(victim.read_bytes() + b"x")
    elif harm == "added":
        (folder / "sitecustomize.py").write_text("raise SystemExit")
    elif harm == "removed":
        victim.unlink()
    elif harm == "renamed":
        victim.rename(victim.with_name("other.npy"))
    elif harm == "bytecode":
        (folder / "__pycache__").mkdir()
    elif harm == "link":
        (folder / "link").symlink_to(os.devnull)
    elif harm == "no tag":
        del registry.tags[2]["recsys.artifact_sha256"]
    else:
        registry.tags[2]["recsys.model_json_sha256"] = "0" * 64
    registry.points_to = 2
    status = sync.check()
    assert status.problem
    assert status.refused_version == 2
    assert served(model_cache) == 1
    assert list(model_cache.incoming.iterdir()) == []
    assert [folder.name.split("-")[0] for folder in model_cache.versions.iterdir()] == ["1"]


def test_check_harmed_manifest_that_agrees_with_itself_is_refused(sync: Sync, registry: ToldRegistry) -> None:
    manifest = registry.store / "1" / LOGGED_FOLDER / MANIFEST
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**content, "method": "another"}))
    assert "altered" in str(sync.check().problem)


def test_check_refused_version_is_not_fetched_by_every_poll(sync: Sync, registry: ToldRegistry) -> None:
    (registry.store / "1" / "more").write_text("x")
    first = sync.check()
    assert sync.check().problem == first.problem
    assert registry.downloads == 1


def test_check_refused_version_is_tried_again_at_once_on_request(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    (registry.store / "1" / "more").write_text("x")
    sync.check()
    (registry.store / "1" / "more").unlink()
    assert sync.check(at_once=True).problem is None
    assert served(model_cache) == 1


def test_check_refused_version_is_tried_again_after_a_while(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    (registry.store / "1" / "more").write_text("x")
    sync.check()
    (registry.store / "1" / "more").unlink()
    monkeypatch.setattr("serving.parent.follow_alias.time.monotonic", lambda: 1e12)
    sync.check()
    assert served(model_cache) == 1


def test_check_version_that_stays_refused_is_tried_ever_more_seldom_but_every_two_minutes_at_least(
    sync: Sync, registry: ToldRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    (registry.store / "1" / "more").write_text("x")
    clock, tried_at = 0.0, []
    monkeypatch.setattr("serving.parent.follow_alias.time.monotonic", lambda: clock)
    while clock < 700:
        before = registry.downloads
        sync.check()
        if registry.downloads > before:
            tried_at.append(clock)
        clock += 10.0  # as often as the registry is asked
    waits = [later - earlier for earlier, later in pairwise(tried_at)]
    assert waits == [20, 40, 80, 120, 120, 120, 120]


def test_check_model_that_fails_its_trial_is_refused(sync: Sync, model_cache: ModelCache) -> None:
    def fail(folder: Path) -> None:
        raise ArtifactError("the model does not answer")

    sync.admission = Admission(fail)
    assert sync.check().problem == "the model does not answer"
    assert served(model_cache) is None


def test_check_full_disk_publishes_nothing(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync.check()

    def fail(self: ToldRegistry, version: Any, folder: Path) -> Path:
        (folder / "half").write_text("x")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ToldRegistry, "download", fail)
    registry.points_to = 2
    assert "No space left" in str(sync.check().problem)
    assert served(model_cache) == 1
    assert list(model_cache.incoming.iterdir()) == []


def test_check_version_of_another_registry_under_the_same_number_is_fetched(
    sync: Sync, registry: ToldRegistry, tiny: Dataset, model_cache: ModelCache
) -> None:
    sync.check()
    shutil.rmtree(registry.store / "1")
    registry.put(1, tiny, "content-jaccard")
    sync.check()
    assert registry.downloads == 2
    assert model_cache.current() is not None
    assert model_cache.current().artifact_sha256 == registry.tags[1]["recsys.artifact_sha256"]  # type: ignore[union-attr]


def test_check_version_altered_in_the_cache_is_fetched_again(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    sync.check()
    registry.points_to = 2
    sync.check()
    first = next(model_cache.versions.glob("1-*"))
    (first / "more").write_text("x")
    registry.points_to = 1
    sync.check()
    assert registry.downloads == 3
    assert served(model_cache) == 1


def test_check_version_that_has_vanished_from_the_cache_is_fetched_again(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    sync.check()
    shutil.rmtree(next(model_cache.versions.iterdir()))
    sync.check()
    assert registry.downloads == 2
    assert served(model_cache) == 1


HARMS = {
    "altered": lambda file: file.write_bytes(file.read_bytes()[:-1] + b"x"),
    "cut short": lambda file: os.truncate(file, 10),
    "grown": lambda file: os.truncate(file, 100_000),
    "removed": lambda file: file.unlink(),
    "renamed": lambda file: file.rename(file.with_name("other.npy")),
    "replaced": lambda file: (file.unlink(), file.write_bytes(b"x")),
    "added": lambda file: (file.parent / "registered_model_meta").touch(),
    "folder added": lambda file: (file.parent / "empty").mkdir(),
    "link": lambda file: (file.parent / "link").symlink_to(os.devnull),
    "manifest gone": lambda file: (file.parent / MANIFEST).unlink(),
    "all gone": lambda file: shutil.rmtree(file.parents[3]),
}


def harm_cache(model_cache: ModelCache, harm: str) -> None:
    """Harm the version that is served."""
    current = model_cache.current()
    assert current is not None
    HARMS[harm](model_cache.root / current.folder / LOGGED_FOLDER / "popularity.npy")


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("harm", HARMS)
def test_check_served_version_harmed_in_the_cache_is_fetched_again(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache, harm: str, at_once: bool
) -> None:
    sync.check()
    pointer = model_cache.pointer.stat()
    harm_cache(model_cache, harm)
    assert sync.check(at_once=at_once).problem is None
    assert registry.downloads == 2
    assert served(model_cache) == 1
    assert model_cache.pointer.stat() != pointer, "so that workers load it again"
    sync.check()
    assert registry.downloads == 2


def test_check_bits_that_flip_without_a_trace_are_found_on_request(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a failing disk does no time of change tells; only the sum does."""
    for module in ("shared.model_cache", "parent.checked_download"):
        monkeypatch.setattr(f"serving.{module}.fingerprint", lambda _: frozenset())
    sync.check()
    harm_cache(model_cache, "altered")
    sync.check()
    assert registry.downloads == 1, "nothing is read again by an ordinary look"
    assert sync.check(at_once=True).problem is None
    assert registry.downloads == 2
    assert served(model_cache) == 1


@pytest.mark.parametrize("failure", [RegistryError("no way"), ArtifactError("altered"), OSError(28, "full")])
def test_check_harmed_version_that_cannot_be_fetched_again_is_withdrawn_until_it_can(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache, failure: Exception
) -> None:
    sync.check()
    harm_cache(model_cache, "altered")
    registry.failure = failure
    problem = str(sync.check().problem)
    assert "version 1 in the cache has been altered" in problem
    assert str(failure) in problem
    assert model_cache.current() is None
    assert is_withdrawn(model_cache.pointer)
    registry.failure = None
    assert sync.check(at_once=True).problem is None
    assert served(model_cache) == 1


def test_check_harmed_version_that_is_replaced_at_the_same_time_is_forgotten(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    sync.check()
    harm_cache(model_cache, "altered")
    registry.points_to = 2
    assert sync.check().problem is None
    assert served(model_cache) == 2


def test_check_unharmed_version_is_read_once(
    sync: Sync, model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync.check()

    def never(_: Path) -> str:
        raise AssertionError("read again")

    monkeypatch.setattr("serving.shared.model_cache.tree_sha256", never)
    assert sync.check().problem is None


def test_check_rollback_reads_nothing_that_was_read_before(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in (1, 2):
        registry.points_to = version
        sync.check()
    monkeypatch.setattr("serving.shared.model_cache.tree_sha256", lambda _: "read again")
    registry.points_to = 1
    assert sync.check().problem is None
    assert model_cache.current() is not None
    assert model_cache.current().version == 1  # type: ignore[union-attr]


def test_check_candidate_that_alters_its_own_files_is_refused(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    sync.check()
    registry.points_to = 2
    sync.admission = Admission(lambda folder: os.truncate(folder / LOGGED_FOLDER / "popularity.npy", 10))
    assert "altered after they were checked" in str(sync.check().problem)
    assert served(model_cache) == 1
    assert [folder.name.split("-")[0] for folder in model_cache.versions.iterdir()] == ["1"]


def test_check_leaves_what_is_unsettled_to_another_thread(sync: Sync, registry: ToldRegistry) -> None:
    registry.is_settled = False
    sync.check()
    assert not sync.is_settled
    registry.is_settled = True
    sync.check()
    assert sync.is_settled


def test_check_clock_that_is_set_back_makes_no_status_old(
    sync: Sync, model_cache: ModelCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.shared.sync_status.utc_now", lambda: "1999-12-31T23:59:59Z")
    sync.check()
    assert read_status(model_cache.status).age_seconds < float("inf")


def test_check_version_without_the_right_signature_is_refused_before_anything_is_fetched(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    signatures = Signatures(SecretStr("a key of the tests only"), are_required=True)
    sync.admission = Admission(lambda _: None, signatures.check)
    assert "has no signature" in str(sync.check().problem)
    registry.tags[1].update(Signatures(SecretStr("another key of the tests")).tags_for(registry.tags[1]))
    assert "is not that of its checksums" in str(sync.check(at_once=True).problem)
    assert registry.downloads == 0
    registry.tags[1].update(signatures.tags_for(registry.tags[1]))
    assert sync.check(at_once=True).problem is None
    assert served(model_cache) == 1


def test_check_served_version_whose_signature_is_taken_away_is_not_published_again(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    signatures = Signatures(SecretStr("a key of the tests only"), are_required=True)
    for number in (1, 2):
        registry.tags[number].update(signatures.tags_for(registry.tags[number]))
    sync.admission = Admission(lambda _: None, signatures.check)
    for number in (1, 2):
        registry.points_to = number
        assert sync.check().problem is None
    registry.points_to = 1
    registry.tags[1][SIGNATURE_TAG] = "0" * 64
    assert sync.check().refused_version == 1
    assert served(model_cache) == 2


KEY, OTHER_KEY = SecretStr("a key of the tests only"), SecretStr("another key of the tests")


@pytest.mark.parametrize(
    ("signed_by", "settings", "admitted"),
    [
        (KEY, ModelSettings(signing_key=KEY, require_signature=True), True),
        (KEY, ModelSettings(signing_key=OTHER_KEY), False),
        (None, ModelSettings(signing_key=KEY, require_signature=True), False),
        (None, ModelSettings(signing_key=KEY), True),
        (None, ModelSettings(), True),
    ],
)
def test_start_without_the_registry_serves_from_the_cache_what_is_signed_as_required(
    sync: Sync, model_cache: ModelCache, signed_by: SecretStr | None, settings: ModelSettings, admitted: bool
) -> None:
    tags = sync.registry.tags[1]  # type: ignore[attr-defined]
    tags.update(Signatures(signed_by).tags_for(tags))
    sync.check()
    cached = admitted_from_cache(model_cache, settings)
    assert (cached is not None) is admitted
    assert (served(model_cache) == 1) is admitted
    assert is_withdrawn(model_cache.pointer) is not admitted


def test_start_with_a_pointer_of_an_earlier_release_counts_it_as_unsigned(sync: Sync, model_cache: ModelCache) -> None:
    sync.check()
    written = json.loads(model_cache.pointer.read_text())
    del written["signature"], written["model_json_sha256"]
    model_cache.pointer.write_text(json.dumps(written))
    assert admitted_from_cache(model_cache, ModelSettings(signing_key=KEY)) is not None
    assert admitted_from_cache(model_cache, ModelSettings(signing_key=KEY, require_signature=True)) is None


SIGNED = Signatures(KEY, are_required=True)
OWN = ModelSettings(signing_key=KEY, require_signature=True)


def forge(model_cache: ModelCache, dataset: Dataset) -> CachedVersion:
    """Put other files into the cache, and a pointer with their sum, as whoever can write to it may do."""
    published = model_cache.published()
    assert published is not None
    other = store(ModelCache(model_cache.root, "movie-recommender", "production"), dataset, 1, "content-jaccard")
    forged = replace(published.version, folder=other.folder, artifact_sha256=other.artifact_sha256)
    write_json(model_cache.pointer, Published(forged, published.traffic).as_json())
    assert model_cache.is_intact(forged)
    return forged


@pytest.mark.parametrize("is_reachable", [True, False])
def test_check_pointer_that_was_forged_with_its_files_is_not_served(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache, tiny: Dataset, is_reachable: bool
) -> None:
    registry.tags[1].update(SIGNED.tags_for(registry.tags[1]))
    sync.admission = Admission(lambda _: None, SIGNED.check, check_signature_of(OWN))
    assert sync.check().problem is None
    genuine = model_cache.current()
    assert genuine is not None
    forge(model_cache, tiny)
    registry.failure = None if is_reachable else RegistryError("no way")
    problem = sync.check().problem
    if is_reachable:
        assert problem is None
        assert model_cache.current() == replace(genuine, published_at=model_cache.current().published_at)  # type: ignore[union-attr]
    else:
        assert is_withdrawn(model_cache.pointer)
        assert "version 1 in the cache has been altered" in str(problem)
        assert "no way" in str(problem)


def test_check_challenger_that_was_forged_with_its_files_gets_no_traffic_without_the_registry(
    sync: Sync, registry: ToldRegistry, model_cache: ModelCache
) -> None:
    for number in (1, 2):
        registry.tags[number].update(SIGNED.tags_for(registry.tags[number]))
    sync.admission = sync.challenger.admission = Admission(lambda _: None, SIGNED.check, check_signature_of(OWN))
    registry.challenger, registry.traffic = 2, {"traffic.challenger": "10%"}
    model_cache.lock.acquire()
    sync.check()
    sync.challenger.fetch(registry)
    sync.check()
    published = model_cache.published()
    assert published is not None
    assert published.traffic is not None
    assert published.traffic.challenger is not None
    registry.failure = RegistryError("no way")
    sync.check()
    assert model_cache.published() == published, "what is genuine stays"
    forged = replace(published.traffic.challenger, signature="0" * 64)
    write_json(model_cache.pointer, replace(published, traffic=replace(published.traffic, challenger=forged)).as_json())
    sync.check()
    left = model_cache.published()
    assert left is not None
    assert left.version == published.version
    assert left.traffic is not None
    assert left.traffic.challenger is None
    assert "the signature of version 2" in str(left.traffic.problem)
    model_cache.lock.release()
