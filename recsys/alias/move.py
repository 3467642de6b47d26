"""The one switch of the product: which version an alias stands for, and how it is moved so that nothing is half done.

A move writes four things in this order, under a lock:

1. the tag ``recsys.intent.production``: the entry of the history that is about to come true;
2. the alias, as configured, then in every other spelling; a promotion also ends the traffic of the Challenger;
3. the entry, as ``history.production.000012``;
4. and it removes the intent.

Stopped before 2, nothing has moved: the intent is dropped. Stopped later, the alias has moved: the rest is completed.
Moves by others, in MLflow's UI for one, are told by comparing the alias with the last entry, and entered as well; so
are changes of what the Challenger gets of the traffic.
Whoever looks next does this, a command or the service, and says so.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from recsys.alias.identity import who_am_i
from recsys.alias.lease import Lease, held_lease
from recsys.alias.ledger import Action, Entry, entry_key, now
from recsys.alias.spellings import standard_spellings
from recsys.alias.state import AliasState, AliasStore, earlier_intent_key, intent_key
from recsys.alias.tag_names import machine_tag
from recsys.alias.traffic_record import end_traffic, traffic_entry, traffic_in_words
from recsys.traffic import CHALLENGER

OUTSIDE = "outside of this product's commands"
"""Why something was done that nobody has told this product of."""

WAIT_SECONDS = 60.0
"""How long a move waits for another one to end."""


@dataclass(frozen=True)
class Move:
    """What came of a move.

    Attributes
    ----------
    entry
        The new entry of the history, None when the alias was there already.
    from_version
        Where the alias was before.
    repaired
        What was put right on the way, a sentence each.
    refusal
        Why the alias stays where it is, empty when it does not.
    """

    entry: Entry | None
    from_version: int | None
    repaired: tuple[str, ...] = ()
    refusal: str = ""


def lock(store: AliasStore, alias: str, what: str, wait_seconds: float) -> AbstractContextManager[Lease]:
    """Return the lock under which an alias is moved."""
    return held_lease(store, machine_tag(f"lock.{alias.lower()}"), what, wait_seconds=wait_seconds)


def settle(store: AliasStore, alias: str, *, wait_seconds: float = WAIT_SECONDS) -> tuple[AliasState, list[str]]:
    """Bring history and spellings up to date, and return the state then, and what was put right.

    Nothing is written, and no lock is taken, where everything is as it should be.
    """
    state = AliasState.of(store.metadata(), alias)
    if state.is_settled:
        return state, []
    with lock(store, alias, f"an update of {alias}", wait_seconds) as lease:
        return settle_under(store, alias, lease)


def move(
    store: AliasStore,
    alias: str,
    version: int,
    *,
    action: Action,
    why: str = "",
    metrics: Mapping[str, float] | None = None,
    allowed: Callable[[AliasState], str] | None = None,
    wait_seconds: float = WAIT_SECONDS,
) -> Move:
    """Let an alias, in all its spellings, point to a version, and enter it in the history.

    Parameters
    ----------
    version
        Has to exist.
    allowed
        Asked under the lock: the reason why the move must not take place after all, else an empty text.

    Raises
    ------
    LeaseHeldError
        When another move does not end within ``wait_seconds``.
    RegistryError
        When the registry fails. The next command then completes or drops the move.
    """
    with lock(store, alias, f"a move of {alias}", wait_seconds) as lease:
        state, repaired = settle_under(store, alias, lease)
        refusal = allowed(state) if allowed else ""
        if refusal:
            return Move(None, state.current, tuple(repaired), refusal)
        if state.current == version:
            _align(store, state, version, lease)
            return Move(None, version, tuple(repaired))
        entry = Entry(
            number=state.next_number,
            at=now(),
            by=who_am_i(),
            action=action,
            from_version=state.current,
            to_version=version,
            why=why,
            metrics=metrics or {},
            traffic={} if action == "promoted" and state.traffic else None,
        )
        lease.check()
        # The intent before the alias: whoever finds the alias moved without an entry completes it from there.
        store.set_tag(intent_key(alias), entry.as_tag())
        _align(store, state, version, lease)
        _record(store, alias, entry, lease)
        if entry.traffic == {}:
            repaired.append(f"the traffic of {CHALLENGER}, {traffic_in_words(state.traffic)}, has ended")
        return Move(entry, state.current, tuple(repaired))


def settle_under(store: AliasStore, alias: str, lease: Lease) -> tuple[AliasState, list[str]]:
    """Do as `settle` does for whoever holds the lock already."""
    state = AliasState.of(store.metadata(), alias)
    if state.is_settled:
        return state, []
    current, intent = state.current, state.intent
    if current is not None:
        _align(store, state, current, lease)
    if current != state.recorded:
        finished = intent is not None and intent.to_version == current
        _record(store, alias, intent if intent and finished else _seen(store, state), lease)
    elif intent is not None or state.leftover:
        store.delete_tag(intent_key(alias))
    if state.earlier_name:
        store.delete_tag(earlier_intent_key(alias))
    settled = AliasState.of(store.metadata(), alias)
    if not settled.knows_traffic:
        _record(store, alias, _seen_traffic(settled), lease)
        settled = AliasState.of(store.metadata(), alias)
    return settled, state.findings()


def _align(store: AliasStore, state: AliasState, version: int, lease: Lease) -> None:
    for spelling in dict.fromkeys((*standard_spellings(state.alias), *state.pointed)):
        if state.pointed.get(spelling) != version:
            lease.check()
            store.point(spelling, version)


def _record(store: AliasStore, alias: str, entry: Entry, lease: Lease) -> None:
    if entry.traffic == {}:
        end_traffic(store, lease)
    lease.check()
    store.set_tag(entry_key(alias, entry.number), entry.as_tag())
    store.delete_tag(intent_key(alias))


def _seen(store: AliasStore, state: AliasState) -> Entry:
    current = state.current
    ends = bool(state.traffic) and current in state.challenger and state.recorded is not None
    return Entry(
        number=state.next_number,
        at=now(),
        by=f"unknown, seen by {who_am_i()}",
        action="removed" if current is None else "moved",
        from_version=state.recorded,
        to_version=current,
        why=OUTSIDE,
        metrics={} if current is None else store.headline_metrics(current),
        # Whoever moves the alias to the Challenger in MLflow's UI promotes it, and that ends its traffic.
        traffic={} if ends else None,
    )


def _seen_traffic(state: AliasState) -> Entry:
    by = f"unknown, seen by {who_am_i()}"
    return traffic_entry(state.next_number, state.recorded, state.traffic, state.challenger, by=by, why=OUTSIDE)
