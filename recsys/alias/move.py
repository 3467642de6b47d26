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
from dataclasses import dataclass, field
from typing import Protocol

from recsys.alias.identity import who_am_i
from recsys.alias.lease import Lease, TagStore, held_lease
from recsys.alias.ledger import Action, Entry, entry_key, next_number, now, read_ledger, recorded_traffic
from recsys.alias.spellings import newest_decision, pointers, standard_spellings
from recsys.alias.tag_names import PREFIX, machine_tag, read_tag
from recsys.alias.traffic_record import end_traffic, traffic_entry, traffic_in_words
from recsys.traffic import CHALLENGER, traffic_tags

OUTSIDE = "outside of this product's commands"
"""Why something was done that nobody has told this product of."""

WAIT_SECONDS = 60.0
"""How long a move waits for another one to end."""


@dataclass(frozen=True)
class ModelMetadata:
    """Aliases, tags and description of a registered model, read at once."""

    aliases: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


class AliasStore(TagStore, Protocol):
    """What a registry has to offer; every call may raise `RegistryError`."""

    name: str

    def metadata(self) -> ModelMetadata:
        """Return aliases and tags; none when the model does not exist yet."""

    def point(self, spelling: str, version: int) -> None:
        """Let one spelling of an alias point to a version."""

    def headline_metrics(self, version: int) -> Mapping[str, float]:
        """Return the metrics that a version is known by."""


@dataclass(frozen=True)
class AliasState:
    """What one look at the registry tells about an alias.

    Attributes
    ----------
    alias
        As configured.
    pointed
        The spellings that are set.
    history
        Oldest first.
    intent
        A move that has begun and is not on record.
    next_number
        Of the next entry.
    leftover
        Whether the tag of an intent is there that means nothing any more: its move is on record, or it is damaged.
    earlier_name
        Whether the intent has the name that earlier releases gave it.
    traffic
        The tags of `recsys.traffic`.
    challenger
        The versions that the spellings of ``Challenger`` point to.
    """

    alias: str
    pointed: Mapping[str, int]
    ledger: tuple[Entry, ...]
    intent: Entry | None
    next_number: int
    leftover: bool = False
    earlier_name: bool = False
    traffic: Mapping[str, str] = field(default_factory=dict)
    challenger: frozenset[int] = frozenset()

    @classmethod
    def of(cls, metadata: ModelMetadata, alias: str) -> "AliasState":
        """Return the state that a metadata shows."""
        number = next_number(metadata.tags, alias)
        text = read_tag(metadata.tags, intent_key(alias))
        intent = _read_intent(text)
        if intent and intent.number < number:
            intent = None
        return cls(
            alias=alias,
            pointed=pointers(metadata.aliases, alias),
            ledger=read_ledger(metadata.tags, alias),
            intent=intent,
            next_number=number,
            leftover=text is not None and intent is None,
            earlier_name=earlier_intent_key(alias) in metadata.tags,
            traffic=traffic_tags(metadata.tags),
            challenger=frozenset(pointers(metadata.aliases, CHALLENGER).values()),
        )

    @property
    def recorded(self) -> int | None:
        """Return the version of the last entry."""
        return self.ledger[-1].to_version if self.ledger else None

    @property
    def current(self) -> int | None:
        """Return the version that the alias stands for, None when it is not set."""
        return newest_decision(self.pointed, self.recorded, self.intent.to_version if self.intent else None)

    @property
    def is_settled(self) -> bool:
        """Return whether the history is up to date, the spellings agree, and no move has been left half done."""
        agree = len(set(self.pointed.values())) <= 1
        return (
            agree and self.intent is None and not self.leftover and self.current == self.recorded and self.knows_traffic
        )

    @property
    def knows_traffic(self) -> bool:
        """Return whether the history says what the Challenger gets of the traffic now.

        An alias that has never been set, and ``Challenger`` itself, keep no record of it.
        """
        concerns_it = bool(self.pointed or self.ledger) and self.alias.lower() != CHALLENGER.lower()
        return not concerns_it or self.traffic == recorded_traffic(self.ledger)

    @property
    def was_withdrawn(self) -> bool:
        """Return whether someone has removed the alias: then nothing but a person sets it again."""
        return self.current is None and bool(self.ledger)

    def findings(self) -> list[str]:
        """Return what is not as it should be, a sentence each."""
        found = []
        if len(set(self.pointed.values())) > 1:
            spelled = ", ".join(
                f"{spelling} at version {version}" for spelling, version in sorted(self.pointed.items())
            )
            found.append(
                f"the spellings of the alias disagree ({spelled}); version {self.current} is the newest decision"
            )
        if self.intent and self.intent.to_version == self.current:
            found.append(f"the move to version {self.current} by {self.intent.by} was interrupted; it is now completed")
        elif self.intent:
            found.append(
                f"the move to version {self.intent.to_version} by {self.intent.by} was interrupted and did not take "
                f"place; {self.alias} is {_version(self.current)}"
            )
        if self.leftover:
            found.append("a move was interrupted after it had taken place; its last trace is now removed")
        if self.current != self.recorded and not (self.intent and self.intent.to_version == self.current):
            what = "was removed" if self.current is None else f"was moved to version {self.current}"
            since = f" from version {self.recorded}" if self.recorded else ""
            found.append(f"{self.alias} {what}{since} outside of this product's commands; it is now in the history")
        if not self.knows_traffic:
            before = traffic_in_words(recorded_traffic(self.ledger))
            found.append(
                f"the traffic of {CHALLENGER} was changed from {before} to {traffic_in_words(self.traffic)} outside of "
                "this product's commands; it is now in the history"
            )
        return found


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


def intent_key(alias: str) -> str:
    """Return the name of the tag that announces a move."""
    return machine_tag(f"intent.{alias.lower()}")


def earlier_intent_key(alias: str) -> str:
    """Return the name that earlier releases gave that tag."""
    return intent_key(alias).removeprefix(PREFIX)


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
        if state.current == version:
            _align(store, state, version, lease)
            return Move(None, version, tuple(repaired))
        lease.check()
        store.set_tag(intent_key(alias), entry.as_tag())
        _align(store, state, version, lease)
        _record(store, alias, entry, lease)
        ended = (
            [f"the traffic of {CHALLENGER}, {traffic_in_words(state.traffic)}, has ended"]
            if entry.traffic == {}
            else []
        )
        return Move(entry, state.current, (*repaired, *ended))


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


def _read_intent(text: str | None) -> Entry | None:
    try:
        return None if text is None else Entry.from_tag(text)
    except (ValueError, TypeError):
        return None


def _version(version: int | None) -> str:
    return "not set" if version is None else f"version {version}"
