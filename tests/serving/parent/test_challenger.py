"""The Challenger as the sync and the background get it ready; the real registry is met in tests/e2e."""

import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from told_registry import ToldRegistry

from recsys.data import Dataset
from recsys.errors import ArtifactError, RegistryError
from recsys.setting_groups import ModelSettings
from recsys.signatures import Signatures
from recsys.storage import LOGGED_FOLDER
from recsys.traffic import CHALLENGER_TAG, SHADOW_TAG, salt_of
from serving.parent.checked_download import Admission, admitted_from_cache
from serving.parent.follow_alias import Sync
from serving.shared.model_cache import KEPT_VERSIONS, ModelCache
from serving.shared.published_traffic import PublishedTraffic


@pytest.fixture
def registry(tmp_path: Path, tiny: Dataset) -> ToldRegistry:
    """Return a registry of three versions: 1 is Production, 2 the Challenger, for a tenth."""
    told = ToldRegistry(tmp_path / "store", challenger=2, traffic={CHALLENGER_TAG: "10%"})
    for version, method in ((1, "content-cosine"), (2, "content-jaccard"), (3, "content-jaccard")):
        told.put(version, tiny, method)
    return told


@pytest.fixture
def sync(registry: ToldRegistry, model_cache: ModelCache) -> Sync:
    """Return a sync that holds the cache's lock, without the smoke test, for which MLflow would have to be there."""
    assert model_cache.lock.acquire()
    return Sync(registry, "Production", model_cache, 10.0, Admission(lambda _: None))


def mark_of(cache: ModelCache) -> tuple[int, int]:
    """Return what tells the pointer from the one before; an inode alone may be given again."""
    found = cache.pointer.stat()
    return found.st_mtime_ns, found.st_ino


def published(sync: Sync, registry: ToldRegistry) -> PublishedTraffic | None:
    """Return what is published after a look, the work in the background, and another look if that asks for one."""
    assert sync.check().problem is None
    sync.challenger.fetch(registry)
    if sync.challenger.changed.is_set():
        sync.challenger.changed.clear()
        assert sync.check().problem is None
    found = sync.cache.published()
    assert found
    return found.traffic


def problem(sync: Sync, registry: ToldRegistry) -> str:
    traffic = published(sync, registry)
    assert traffic
    assert traffic.challenger is None
    assert traffic.salt == ""
    return str(traffic.problem)


def test_challenger_is_published_beside_production_once_it_is_fetched(sync: Sync, registry: ToldRegistry) -> None:
    sync.check()
    first = sync.cache.published()
    assert first
    assert first.traffic
    assert first.traffic.problem == "version 2 is being fetched and checked; Production answers everyone"
    assert registry.downloads == 1, "the sync does not wait for it"
    traffic = published(sync, registry)
    assert traffic
    assert traffic.challenger
    assert (traffic.challenger_share, traffic.shadow_share, traffic.challenger_version) == ("10%", "0%", 2)
    assert traffic.salt == salt_of(2, registry.tags[2]["recsys.artifact_sha256"])
    assert (sync.cache.root / traffic.challenger.folder).is_dir()
    assert registry.downloads == 2
    before = sync.cache.pointer.stat()
    published(sync, registry)
    assert sync.cache.pointer.stat() == before, "nothing new, nothing written"
    assert registry.downloads == 2


def test_tag_removed_and_set_again_fetches_nothing(sync: Sync, registry: ToldRegistry) -> None:
    published(sync, registry)
    registry.traffic = {}
    assert published(sync, registry) is None
    assert "traffic" not in sync.cache.pointer.read_text()
    registry.traffic = {SHADOW_TAG: "20%"}
    traffic = published(sync, registry)
    assert traffic
    assert (traffic.challenger_share, traffic.shadow_share, traffic.problem) == ("0%", "20%", None)
    assert registry.downloads == 2


@pytest.mark.parametrize("tag", ["ten", "150%", "-1%", "10", "0.1", ""])
@pytest.mark.parametrize("key", [CHALLENGER_TAG, SHADOW_TAG])
def test_tag_that_is_no_share_leads_to_production_for_everyone(
    sync: Sync, registry: ToldRegistry, key: str, tag: str
) -> None:
    published(sync, registry)
    registry.traffic = {CHALLENGER_TAG: "10%", SHADOW_TAG: "20%", key: tag}
    said = problem(sync, registry)
    assert said.startswith(f"the tag {key} of the registered model: {tag!r} is no share; write a percentage")
    assert said.endswith("; Production answers everyone")
    registry.traffic = {CHALLENGER_TAG: "10%"}
    found = published(sync, registry)
    assert found
    assert found.problem is None


@pytest.mark.parametrize(
    ("challenger", "message"),
    [
        (None, "no version has the alias Challenger; Production answers everyone"),
        (1, "Challenger is version 1, which answers everyone already; Production answers everyone"),
    ],
)
def test_challenger_that_is_none_leads_to_production_for_everyone(
    sync: Sync, registry: ToldRegistry, challenger: int | None, message: str
) -> None:
    published(sync, registry)
    registry.challenger = challenger
    assert problem(sync, registry) == message


@pytest.mark.parametrize("harm", ["altered", "added", "no tag", "smoke test", "gone"])
def test_challenger_that_is_refused_leads_to_production_for_everyone_and_is_tried_again(
    sync: Sync, registry: ToldRegistry, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tags = registry.store / "2", dict(registry.tags[2])
    shutil.copytree(folder, registry.store / "kept")
    if harm == "altered":
        victim = folder / LOGGED_FOLDER / "popularity.npy"
        victim.write_bytes(victim.read_bytes() + b"x")
    elif harm == "added":
        (folder / "sitecustomize.py").write_text("raise SystemExit")
    elif harm == "no tag":
        del registry.tags[2]["recsys.artifact_sha256"]
    elif harm == "gone":
        shutil.rmtree(folder)
    else:
        sync.challenger.admission = Admission(_fail)
    assert problem(sync, registry).startswith("version 2 cannot be tried: ")
    downloads = registry.downloads
    assert problem(sync, registry)
    assert registry.downloads == downloads, "not at every look"
    sync.challenger.admission, registry.tags[2] = Admission(lambda _: None), tags
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(registry.store / "kept", folder)
    monkeypatch.setattr("serving.parent.challenger.time.monotonic", lambda: 1e12)
    found = published(sync, registry)
    assert found
    assert found.problem is None


def test_challenger_that_is_refused_again_and_again_is_tried_at_the_latest_after_two_minutes(
    sync: Sync, registry: ToldRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync.challenger.admission = Admission(_fail)
    now, tried = 0.0, []
    monkeypatch.setattr("serving.parent.challenger.time.monotonic", lambda: now)
    published(sync, registry)
    n_downloads = registry.downloads
    while len(tried) < 8:
        now += 1.0
        sync.challenger.fetch(registry)
        if registry.downloads > n_downloads:
            n_downloads = registry.downloads
            tried.append(now)
    waits = [after - before for before, after in pairwise([0.0, *tried])]
    assert waits == [5.0, 10.0, 20.0, 40.0, 80.0, 120.0, 120.0, 120.0]


def _fail(_: Path) -> None:
    raise ArtifactError("the model does not answer")


def test_challenger_of_another_signature_is_refused_before_it_is_fetched(sync: Sync, registry: ToldRegistry) -> None:
    key = ModelSettings(signing_key=SecretStr("k" * 32), require_signature=True)
    sync.challenger.admission = Admission(lambda _: None, Signatures.of(key).check)
    assert "signature" in problem(sync, registry)
    assert registry.downloads == 1


def test_challenger_altered_in_the_cache_is_fetched_again_and_given_to_the_workers_anew(
    sync: Sync, registry: ToldRegistry
) -> None:
    traffic = published(sync, registry)
    assert traffic
    assert traffic.challenger
    before = mark_of(sync.cache)
    (sync.cache.root / traffic.challenger.folder / "more").write_text("x")
    sync.check()
    during = sync.cache.published()
    assert during
    assert during.traffic
    assert during.traffic.challenger is None
    found = published(sync, registry)
    assert found
    assert found.problem is None
    assert registry.downloads == 3
    assert mark_of(sync.cache) != before


def test_copy_that_was_fetched_again_between_two_looks_is_given_to_the_workers(
    sync: Sync, registry: ToldRegistry
) -> None:
    traffic = published(sync, registry)
    assert traffic
    assert traffic.challenger
    (sync.cache.root / traffic.challenger.folder / "more").write_text("x")
    before = sync.cache.pointer.read_bytes(), mark_of(sync.cache)
    sync.challenger.fetch(registry)
    sync.check()
    assert mark_of(sync.cache) != before[1], "they look at the file, and so load the new copy"


def test_unreachable_registry_leaves_the_split_as_it_is(sync: Sync, registry: ToldRegistry) -> None:
    traffic = published(sync, registry)
    registry.failure = RegistryError("no way")
    assert sync.check().problem == "no way"
    found = sync.cache.published()
    assert found
    assert found.traffic == traffic


def test_production_that_is_refused_does_not_hold_up_the_end_of_the_traffic(sync: Sync, registry: ToldRegistry) -> None:
    published(sync, registry)
    (registry.store / "3" / "more").write_text("x")
    registry.points_to, registry.traffic = 3, {}
    assert "altered" in str(sync.check().problem)
    found = sync.cache.published()
    assert found
    assert (found.version.version, found.traffic) == (1, None)


def test_another_production_keeps_the_split_and_its_salt(sync: Sync, registry: ToldRegistry) -> None:
    before = published(sync, registry)
    registry.points_to = 3
    after = published(sync, registry)
    assert before
    assert after
    assert (before.salt, before.challenger_version) == (after.salt, after.challenger_version)


def test_challenger_stays_in_the_cache_however_many_versions_come_and_go(
    sync: Sync, registry: ToldRegistry, tiny: Dataset
) -> None:
    traffic = published(sync, registry)
    for version in range(4, 6 + KEPT_VERSIONS):
        registry.put(version, tiny, "content-cosine")
        registry.points_to = version
        published(sync, registry)
    assert traffic
    assert traffic.challenger
    assert (sync.cache.root / traffic.challenger.folder).is_dir()
    assert registry.downloads == 4 + KEPT_VERSIONS


def test_start_from_the_cache_drops_a_challenger_that_is_altered(sync: Sync, registry: ToldRegistry) -> None:
    traffic = published(sync, registry)
    assert traffic
    assert traffic.challenger
    (sync.cache.root / traffic.challenger.folder / "more").write_text("x")
    cached = admitted_from_cache(sync.cache, ModelSettings())
    assert cached
    assert cached.version == 1
    found = sync.cache.published()
    assert found
    assert found.traffic
    assert found.traffic.challenger is None
    assert str(found.traffic.problem).startswith("version 2 in the cache has been altered or is incomplete; Production")


def test_start_from_the_cache_drops_a_challenger_without_the_signature(
    registry: ToldRegistry, model_cache: ModelCache
) -> None:
    key = ModelSettings(signing_key=SecretStr("k" * 32), require_signature=True)
    signatures = Signatures.of(key)
    for version in (1, 2):
        registry.tags[version] |= signatures.tags_for(registry.tags[version])
    assert model_cache.lock.acquire()
    sync = Sync(registry, "Production", model_cache, 10.0, Admission(lambda _: None, signatures.check))
    traffic: Any = published(sync, registry)
    assert traffic.challenger.signature
    assert admitted_from_cache(model_cache, key)
    assert model_cache.published() == sync.cache.published()
    pointer = model_cache.pointer.read_text()
    model_cache.pointer.write_text(pointer.replace(traffic.challenger.signature, "0" * 64))
    cached = admitted_from_cache(model_cache, key)
    assert cached
    found = model_cache.published()
    assert found
    assert found.traffic
    assert found.traffic.challenger is None
