import os
import shutil
import threading
import time
from collections.abc import Callable

import pytest
from published_models import store

from recsys.data import Dataset
from serving.shared.cached_version import CachedVersion, is_withdrawn
from serving.shared.file_lock import FileLock
from serving.shared.model_cache import KEPT_VERSIONS, SETTLED_SECONDS, ModelCache

Publish = Callable[..., CachedVersion]


def test_current_without_publication_is_none(model_cache: ModelCache) -> None:
    assert model_cache.current() is None
    assert model_cache.current_if_whole() is None


def test_current_after_publication_is_what_was_published(model_cache: ModelCache, publish: Publish) -> None:
    published = publish(1)
    assert model_cache.current() == published
    assert model_cache.current_if_whole() == published


@pytest.mark.parametrize("harm", ["altered", "removed", "added"])
def test_current_if_whole_harmed_version_is_withdrawn(model_cache: ModelCache, publish: Publish, harm: str) -> None:
    folder = model_cache.root / publish(1).folder
    victim = next(folder.rglob("popularity.npy"))
    if harm == "altered":
        victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    elif harm == "removed":
        victim.unlink()
    else:
        (folder / "more").write_text("x")
    assert model_cache.current_if_whole() is None
    assert model_cache.current() is None
    assert is_withdrawn(model_cache.pointer), "so that workers evict it"


def test_current_if_whole_version_kept_by_an_earlier_release_is_served(
    model_cache: ModelCache, publish: Publish
) -> None:
    published = publish(1)
    (model_cache.root / published.folder / "registered_model_meta").write_text("model_name: movies")
    assert model_cache.current_if_whole() == published


def test_all_spellings_of_an_alias_are_one(model_cache: ModelCache) -> None:
    assert ModelCache(model_cache.root, "movie-recommender", "production").pointer == model_cache.pointer


def test_names_cannot_leave_the_cache(model_cache: ModelCache) -> None:
    other = ModelCache(model_cache.root, "../../x", "..%2f/y")
    assert model_cache.root in other.pointer.resolve().parents
    assert model_cache.root in other.versions.resolve().parents


def test_publish_keeps_the_versions_used_last(model_cache: ModelCache, publish: Publish) -> None:
    for version in range(1, KEPT_VERSIONS + 3):
        publish(version)
        time.sleep(0.01)
    kept = sorted(int(folder.name.split("-")[0]) for folder in model_cache.versions.iterdir())
    assert kept == [3, 4, 5]


@pytest.mark.parametrize("days_back", [3650, 1, 0, -1])
def test_version_that_has_just_been_fetched_is_kept_after_the_clock_was_set(
    model_cache: ModelCache, publish: Publish, tiny: Dataset, days_back: int
) -> None:
    for version in range(1, KEPT_VERSIONS + 1):
        folder = model_cache.root / publish(version).folder
        then = folder.stat().st_mtime_ns + days_back * 86_400 * 10**9
        os.utime(folder, ns=(then, then))
    fetched = store(model_cache, tiny, KEPT_VERSIONS + 1, "content-cosine")
    # What another thread uses meanwhile removes nothing that has just come either.
    model_cache.mark_used(model_cache.current() or fetched)
    assert model_cache.is_intact(fetched)
    model_cache.mark_used(fetched)
    kept = sorted(int(folder.name.split("-")[0]) for folder in model_cache.versions.iterdir())
    assert kept == list(range(2, KEPT_VERSIONS + 2)), "the one that was not used for longest is removed"


def test_publish_keeps_what_another_service_serves(model_cache: ModelCache, publish: Publish) -> None:
    other = ModelCache(model_cache.root, "movie-recommender", "staging")
    other.publish(publish(1))
    for version in range(2, 7):
        publish(version)
        time.sleep(0.01)
    assert other.current_if_whole() is not None


def test_publish_while_others_remove_versions_never_fails(model_cache: ModelCache, publish: Publish) -> None:
    """Another thread or service on the same folder prunes at the same time; what is published stays published."""
    published = publish(1)
    done = threading.Event()

    def make_and_remove(worker: int) -> None:
        while not done.is_set():
            for number in range(20):
                folder = model_cache.versions / f"{worker}{number}-x"
                folder.mkdir(exist_ok=True)
                shutil.rmtree(folder, ignore_errors=True)

    threads = [threading.Thread(target=make_and_remove, args=(worker,)) for worker in (7, 8, 9)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(1000):
            model_cache.publish(published)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert model_cache.current_if_whole() == published


def test_publish_of_a_version_that_vanishes_at_once_still_writes_the_pointer(
    model_cache: ModelCache, publish: Publish
) -> None:
    published = publish(1)
    shutil.rmtree(model_cache.root / published.folder)
    model_cache.publish(published)
    assert model_cache.current() == published


def test_scratch_is_gone_after_a_failure(model_cache: ModelCache) -> None:
    with pytest.raises(ZeroDivisionError), model_cache.scratch() as scratch:  # noqa: PT012
        (scratch / "half").write_text("x")
        raise ZeroDivisionError
    assert list(model_cache.incoming.iterdir()) == []


def test_clear_leftovers_removes_those_of_the_dead_only(model_cache: ModelCache) -> None:
    abandoned, fresh = model_cache.incoming / "abandoned", model_cache.incoming / "fresh"
    for folder in (abandoned, fresh):
        (folder / "model").mkdir(parents=True)
    old = time.time() - SETTLED_SECONDS - 1
    with model_cache.scratch() as scratch:
        os.utime(scratch.parent, (old, old))
        os.utime(abandoned, (old, old))
        model_cache.clear_leftovers()
        assert scratch.exists()
    assert not abandoned.exists()
    assert fresh.exists()


def test_scratch_clears_what_a_dead_process_has_left(model_cache: ModelCache) -> None:
    left = model_cache.incoming / "left"
    (left / "model").mkdir(parents=True)
    os.utime(left, (0, 0))
    with model_cache.scratch() as scratch:
        assert list(model_cache.incoming.iterdir()) == [scratch.parent]


def test_file_lock_is_held_by_one_at_a_time(model_cache: ModelCache) -> None:
    first, second = FileLock(model_cache.root / "lock"), FileLock(model_cache.root / "lock")
    assert first.acquire()
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    assert (first.held, second.held) == (False, True)
    second.release()
