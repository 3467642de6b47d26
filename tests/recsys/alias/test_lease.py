import json
import threading
import time
from types import SimpleNamespace

import pytest
from memory_alias_store import MemoryAliasStore

from recsys.alias import lease
from recsys.alias.identity import ProcessId, who_am_i
from recsys.errors import LeaseHeldError, RegistryError

KEY = "lock.production"


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(lease, "SETTLE_SECONDS", 0.02)


def foreign(**changes: object) -> str:
    holder = {
        "token": "other",
        "by": "bob@elsewhere",
        "what": "a retraining",
        "machine": "elsewhere",
        "pid": 1,
        "started": "1",
        "until": time.time() + 60,
    }
    return json.dumps({**holder, **changes})


def test_held_lease_free_is_held_then_given_back():
    store = MemoryAliasStore()
    with lease.held_lease(store, KEY, "a test") as held:
        assert lease.read_holder(store.tags(), KEY).by == who_am_i()
        held.check()
    assert KEY not in store.tags()


def test_held_lease_error_inside_gives_it_back():
    store = MemoryAliasStore()
    with pytest.raises(ValueError, match="inside"), lease.held_lease(store, KEY, "a test"):
        raise ValueError("inside")
    assert KEY not in store.tags()


def test_held_lease_held_elsewhere_names_the_holder():
    store = MemoryAliasStore()
    store.tags_now[KEY] = foreign()
    with (
        pytest.raises(LeaseHeldError, match="a retraining by bob@elsewhere is under way"),
        lease.held_lease(store, KEY, ""),
    ):
        pass
    assert json.loads(store.tags()[KEY])["token"] == "other"


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param(lambda: foreign(until=time.time() - 1), id="run_out"),
        pytest.param(lambda: foreign(machine=ProcessId.own().machine, pid=2**22 + 1), id="process_dead"),
        pytest.param(lambda: foreign(machine=ProcessId.own().machine, pid=1, started="-5"), id="number_reused"),
        pytest.param(lambda: "not json", id="damaged"),
    ],
)
def test_held_lease_holder_gone_is_taken_over(tag):
    store = MemoryAliasStore()
    store.tags_now[KEY] = tag()
    with lease.held_lease(store, KEY, "a test"):
        assert lease.read_holder(store.tags(), KEY).by == who_am_i()


@pytest.fixture
def set_clock(monkeypatch):
    """Return a function that sets the clock on the wall so many seconds ahead, monotonic time aside."""

    def set_ahead(seconds: float) -> None:
        moved = {"time": lambda: time.time() + seconds, "monotonic": time.monotonic, "sleep": time.sleep}
        monkeypatch.setattr(lease, "time", SimpleNamespace(**moved))

    return set_ahead


JUMPS = [86_400.0, -86_400.0, 3650 * 86_400.0, -3650 * 86_400.0]


@pytest.mark.parametrize("seconds", JUMPS[1:3])
def test_lease_of_a_holder_that_works_is_kept_when_the_clock_is_set(monkeypatch, set_clock, seconds):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 12.0)
    store = MemoryAliasStore()
    with lease.held_lease(store, KEY, "a retraining") as held:
        first = store.tags()[KEY]
        set_clock(seconds)
        with pytest.raises(LeaseHeldError, match="a retraining by"), lease.held_lease(store, KEY, "another"):
            pass
        deadline = time.monotonic() + 600
        while store.tags()[KEY] == first:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        held.check()
    assert KEY not in store.tags()


@pytest.mark.parametrize("seconds", JUMPS)
def test_lease_of_a_holder_elsewhere_that_is_gone_is_free_whatever_its_clock_said(monkeypatch, seconds):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.3)
    store = MemoryAliasStore()
    store.tags_now[KEY] = foreign(until=time.time() + seconds)
    with lease.held_lease(store, KEY, "a test"):
        assert lease.read_holder(store.tags(), KEY).by == who_am_i()


def test_lease_of_a_holder_elsewhere_whose_clock_is_ahead_is_kept_while_it_is_renewed(monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 12.0)
    store, ended = MemoryAliasStore(), threading.Event()

    def renew() -> None:
        while not ended.wait(0.1):
            store.tags_now[KEY] = foreign(until=time.time() + 3650 * 86_400.0)

    store.tags_now[KEY] = foreign(until=time.time() + 3650 * 86_400.0)
    renewing = threading.Thread(target=renew)
    renewing.start()
    with pytest.raises(LeaseHeldError, match="by bob@elsewhere"), lease.held_lease(store, KEY, "a test"):
        pass
    ended.set()
    renewing.join()


def test_lease_that_its_living_process_could_not_give_back_is_free_once_it_was_not_renewed(monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.3)
    store, own = MemoryAliasStore(), ProcessId.own()
    process = {"machine": own.machine, "pid": own.pid, "started": own.started}
    store.tags_now[KEY] = foreign(until=time.time() - 1, **process)
    with lease.held_lease(store, KEY, "a test"):
        assert lease.read_holder(store.tags(), KEY).by == who_am_i()


def test_held_lease_waits_for_the_holder_to_end():
    store = MemoryAliasStore()
    store.tags_now[KEY] = foreign(until=time.time() + 0.2)
    with lease.held_lease(store, KEY, "a test", wait_seconds=600):
        assert lease.read_holder(store.tags(), KEY).by == who_am_i()


def test_held_lease_many_threads_never_two_at_once(monkeypatch):
    # Longer than a busy machine keeps a thread from running between a look and a write.
    monkeypatch.setattr(lease, "SETTLE_SECONDS", 0.5)
    store, inside, seen = MemoryAliasStore(), [], []

    def work(number: int) -> None:
        with lease.held_lease(store, KEY, "a test", wait_seconds=600):
            inside.append(number)
            seen.append(len(inside))
            time.sleep(0.005)
            inside.remove(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 4


def test_held_lease_slow_registry_gives_up_with_an_error(monkeypatch):
    store = MemoryAliasStore()
    quick = store.set_tag

    def slow(key: str, value: str) -> None:
        quick(key, value)
        time.sleep(0.03)

    monkeypatch.setattr(store, "set_tag", slow)
    with pytest.raises(RegistryError, match="took longer than"), lease.held_lease(store, KEY, "a test"):
        pass


def test_lease_not_renewed_in_time_fails_its_check(monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 0.2)
    store = MemoryAliasStore()
    with lease.held_lease(store, KEY, "a test") as held:
        store.tags_now[KEY] = foreign()
        time.sleep(0.3)
        with pytest.raises(RegistryError, match="was lost"):
            held.check()
    assert json.loads(store.tags()[KEY])["token"] == "other"


def test_lease_renewed_outlives_its_time(monkeypatch):
    monkeypatch.setattr(lease, "LEASE_SECONDS", 4.0)
    store = MemoryAliasStore()
    with lease.held_lease(store, KEY, "a test") as held:
        first = lease.read_holder(store.tags(), KEY).until
        deadline = time.monotonic() + 600
        while lease.read_holder(store.tags(), KEY).until == first:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        held.check()


def test_process_id_own_is_alive():
    assert not ProcessId.own().is_known_dead()
    assert not ProcessId("elsewhere", 2**22 + 1, "").is_known_dead()
