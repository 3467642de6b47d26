"""A lock in the registry, for hosts that share nothing else.

MLflow's registry has no compare-and-set, so a lock is a tag taken by Fischer's algorithm (Lamport 1987,
DOI 10.1145/7351.7352): see that it is free, write your name, wait, and hold it if your name still stands. That is safe
as long as seeing and writing take less time than the wait; whoever took longer starts again.

A holder renews the lease while it works. A lease that has run out, or whose process has died on this machine, is free;
for the first of these the clocks of the hosts have to agree to within a fraction of `LEASE_SECONDS`. Where they cannot,
as the lease runs out later than any could or its process is alive, it is free once it was not renewed for so long.
"""

import json
import random
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Protocol

from loguru import logger

from recsys.alias.identity import ProcessId, who_am_i
from recsys.errors import LeaseHeldError, RegistryError

LEASE_SECONDS = 90.0
"""How long others wait for a holder on another machine that has died. Renewed each quarter of it, so that one slow or
lost answer of the registry does not cost the lease."""
SETTLE_SECONDS = 2.0
"""The wait of the algorithm; the same for all, since no one's write may take longer than another's wait."""
MIN_SLOW_TRIES = 10
"""So often at least a registry may be too slow before it is given up, longer where there is time to wait."""


class TagStore(Protocol):
    """Where tags can be kept; every call may raise `RegistryError`."""

    def tags(self) -> Mapping[str, str]:
        """Return all tags."""

    def set_tag(self, key: str, value: str) -> None:
        """Add or change a tag."""

    def delete_tag(self, key: str) -> None:
        """Remove a tag; one that is not there is no error."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lease, as the tag tells."""

    token: str
    by: str
    what: str
    machine: str
    pid: int
    started: str
    until: float

    @property
    def process(self) -> ProcessId:
        """Return the process that holds it."""
        return ProcessId(self.machine, self.pid, self.started)

    @property
    def is_gone(self) -> bool:
        """Return whether the lease has run out or its holder has died."""
        return self.process.is_known_dead() or (time.time() > self.until and not self.is_doubtful)

    @property
    def is_doubtful(self) -> bool:
        """Return whether a clock was set: it has run out for a process that is alive, or runs out too late."""
        now = time.time()
        return self.until > now + 2 * LEASE_SECONDS or (now > self.until and self.process.is_known_alive())


class _Sight:
    """What one who waits has seen of a holder, by monotonic time: whether it renews its lease, whatever clocks say."""

    def __init__(self) -> None:
        self._seen: Holder | None = None
        self._since = self._now = 0.0
        self.is_renewed = False

    def note(self, holder: Holder | None, now: float) -> None:
        """Note who holds the lease at a time."""
        self._now = now
        if holder != self._seen:
            self.is_renewed = holder is not None and self._seen is not None and holder.token == self._seen.token
            self._seen, self._since = holder, now

    @property
    def is_stale(self) -> bool:
        """Return whether the same lease was seen for longer than one lasts that nobody renews."""
        return self._seen is not None and self._now - self._since > LEASE_SECONDS


class Lease:
    """A lease that is held: `check` before every step that must not be done by two."""

    def __init__(self, store: TagStore, key: str, holder: Holder) -> None:
        self._store, self._key, self._holder = store, key, holder
        self._ended = threading.Event()
        self._deadline = time.monotonic() + LEASE_SECONDS

    def check(self) -> None:
        """Raise `RegistryError` when the lease could not be renewed in time and may have passed to someone else."""
        if time.monotonic() > self._deadline:
            raise RegistryError(f"the lock {self._key} was lost, as the registry did not answer in time; start again")

    def _keep(self) -> None:
        while not self._ended.wait(LEASE_SECONDS / 4):
            try:
                self._renew()
            except RegistryError as error:
                logger.warning("the lock {} is not renewed: {}", self._key, error)

    def _renew(self) -> None:
        asked = time.monotonic()
        if asked > self._deadline or not _is_ours(self._store, self._key, self._holder):
            self._deadline = 0.0
            self._ended.set()
            return
        self._store.set_tag(self._key, _as_tag(self._holder))
        self._deadline = asked + LEASE_SECONDS


@contextmanager
def held_lease(store: TagStore, key: str, what: str, *, wait_seconds: float = 0.0) -> Iterator[Lease]:
    """Yield the lease while it is held and renewed.

    Parameters
    ----------
    store, key
        The tag that stands for the lock.
    what
        What is done under it, for whoever finds it taken.
    wait_seconds
        How long to wait for another holder.

    Raises
    ------
    LeaseHeldError
        When someone else holds it for longer than that.
    RegistryError
        When the registry cannot be read or written.
    """
    holder = _acquire(store, key, what, time.monotonic() + wait_seconds)
    lease = Lease(store, key, holder)
    keeper = threading.Thread(target=lease._keep, name=f"lease {key}", daemon=True)
    keeper.start()
    try:
        yield lease
    finally:
        lease._ended.set()
        keeper.join()
        _release(store, key, holder)


def read_holder(tags: Mapping[str, str], key: str) -> Holder | None:
    """Return who holds a lease, None when it is free; a tag that cannot be read counts as free."""
    holder = _holder_in(tags, key)
    return None if holder is None or holder.is_gone else holder


def _holder_in(tags: Mapping[str, str], key: str) -> Holder | None:
    try:
        return Holder(**json.loads(tags[key]))
    except (KeyError, ValueError, TypeError):
        return None


def _acquire(store: TagStore, key: str, what: str, deadline: float) -> Holder:
    own = ProcessId.own()
    holder = Holder(uuid.uuid4().hex, who_am_i(), what, own.machine, own.pid, own.started, 0.0)
    sight = _Sight()
    n_slow = 0
    while n_slow < MIN_SLOW_TRIES or time.monotonic() < deadline:
        started = time.monotonic()
        other = read_holder(store.tags(), key)
        sight.note(other, started)
        if other is None or other.token == holder.token or sight.is_stale:
            store.set_tag(key, _as_tag(holder))
            if time.monotonic() - started >= SETTLE_SECONDS:
                n_slow += 1
                continue
            time.sleep(SETTLE_SECONDS)
            if _is_ours(store, key, holder):
                return holder
        elif time.monotonic() >= deadline and (sight.is_renewed or not other.is_doubtful):
            raise LeaseHeldError(
                f"{other.what} by {other.by} is under way (process {other.pid}); try again when it has ended"
            )
        time.sleep(SETTLE_SECONDS * random.uniform(0.2, 1.0))  # noqa: S311  spreads tries, hides no secret
    raise RegistryError(
        f"the registry took longer than {SETTLE_SECONDS:g} s for a write {n_slow} times; try again later"
    )


def _is_ours(store: TagStore, key: str, holder: Holder) -> bool:
    """Return whether our name still stands; what a clock says that was set meanwhile takes nothing from us."""
    found = _holder_in(store.tags(), key)
    return found is not None and found.token == holder.token


def _release(store: TagStore, key: str, holder: Holder) -> None:
    try:
        if _is_ours(store, key, holder):
            store.delete_tag(key)
    except RegistryError as error:
        logger.warning("the lock {} stays until it runs out: {}", key, error)


def _as_tag(holder: Holder) -> str:
    return json.dumps({**asdict(holder), "until": time.time() + LEASE_SECONDS})
