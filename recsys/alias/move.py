"""The one switch of the product: which version an alias stands for, and how it is moved so that nothing is half done.

A move writes four things in this order, under a lock:

1. the tag ``intent.production``: the entry of the history that is about to come true;
2. the alias, as configured, then in every other spelling;
3. the entry, as ``history.production.000012``;
4. and it removes the intent.

Stopped before 2, nothing has moved: the intent is dropped. Stopped later, the alias has moved: the rest is made up for.
Moves by others, in MLflow's UI for one, are told by comparing the alias with the last entry, and entered as well.
Whoever looks next does this, a command or the service, and says so.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from recsys.alias.identity import who_am_i
from recsys.alias.lease import Lease, TagStore, held_lease
from recsys.alias.ledger import Action, Entry, entry_key, next_number, now, read_history
from recsys.alias.spellings import newest_decision, pointers, standard_spellings

WAIT_SECONDS = 60.0
"""How long a move waits for another one to end."""


@dataclass(frozen=True)
class Snapshot:
    """Aliases and tags of a registered model, read at once."""

    aliases: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


class Switchboard(TagStore, Protocol):
    """What a registry has to offer; every call may raise `RegistryError`."""

    name: str

    def snapshot(self) -> Snapshot:
        """Return aliases and tags; none when the model does not exist yet."""

    def point(self, spelling: str, version: int) -> None:
        """Let one spelling of an alias point to a version."""

    def numbers(self, version: int) -> Mapping[str, float]:
        """Return the metrics that a version is known by."""


@dataclass(frozen=True)
class Situation:
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
    """

    alias: str
    pointed: Mapping[str, int]
    history: tuple[Entry, ...]
    intent: Entry | None
    next_number: int
    leftover: bool = False

    @classmethod
    def of(cls, snapshot: Snapshot, alias: str) -> "Situation":
        """Return the situation that a snapshot shows."""
        number = next_number(snapshot.tags, alias)
        text = snapshot.tags.get(intent_key(alias))
        intent = _read_intent(text)
        if intent and intent.number < number:
            intent = None
        return cls(
            alias=alias,
            pointed=pointers(snapshot.aliases, alias),
            history=read_history(snapshot.tags, alias),
            intent=intent,
            next_number=number,
            leftover=text is not None and intent is None,
        )

    @property
    def recorded(self) -> int | None:
        """Return the version of the last entry."""
        return self.history[-1].to_version if self.history else None

    @property
    def current(self) -> int | None:
        """Return the version that the alias stands for, None when it is not set."""
        return newest_decision(self.pointed, self.recorded, self.intent.to_version if self.intent else None)

    @property
    def is_settled(self) -> bool:
        """Return whether the history is up to date, the spellings agree, and no move has been left half done."""
        agree = len(set(self.pointed.values())) <= 1
        return agree and self.intent is None and not self.leftover and self.current == self.recorded

    @property
    def was_withdrawn(self) -> bool:
        """Return whether someone has removed the alias: then nothing but a person sets it again."""
        return self.current is None and bool(self.history)

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
    return f"intent.{alias.lower()}"


def lock(board: Switchboard, alias: str, what: str, wait_seconds: float) -> AbstractContextManager[Lease]:
    """Return the lock under which an alias is moved."""
    return held_lease(board, f"lock.{alias.lower()}", what, wait_seconds=wait_seconds)


def settle(board: Switchboard, alias: str, *, wait_seconds: float = WAIT_SECONDS) -> tuple[Situation, list[str]]:
    """Bring history and spellings up to date, and return the situation then, and what was put right.

    Nothing is written, and no lock is taken, where everything is as it should be.
    """
    situation = Situation.of(board.snapshot(), alias)
    if situation.is_settled:
        return situation, []
    with lock(board, alias, f"an update of {alias}", wait_seconds) as lease:
        return _settle(board, alias, lease)


def move(
    board: Switchboard,
    alias: str,
    version: int,
    *,
    action: Action,
    why: str = "",
    metrics: Mapping[str, float] | None = None,
    allowed: Callable[[Situation], str] | None = None,
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
    with lock(board, alias, f"a move of {alias}", wait_seconds) as lease:
        situation, repaired = _settle(board, alias, lease)
        refusal = allowed(situation) if allowed else ""
        if refusal:
            return Move(None, situation.current, tuple(repaired), refusal)
        entry = Entry(
            number=situation.next_number,
            at=now(),
            by=who_am_i(),
            action=action,
            from_version=situation.current,
            to_version=version,
            why=why,
            metrics=metrics or {},
        )
        if situation.current == version:
            _align(board, situation, version, lease)
            return Move(None, version, tuple(repaired))
        lease.check()
        board.set_tag(intent_key(alias), entry.as_tag())
        _align(board, situation, version, lease)
        _record(board, alias, entry, lease)
        return Move(entry, situation.current, tuple(repaired))


def _settle(board: Switchboard, alias: str, lease: Lease) -> tuple[Situation, list[str]]:
    situation = Situation.of(board.snapshot(), alias)
    if situation.is_settled:
        return situation, []
    current, intent = situation.current, situation.intent
    if current is not None:
        _align(board, situation, current, lease)
    if current != situation.recorded:
        finished = intent is not None and intent.to_version == current
        _record(board, alias, intent if intent and finished else _seen(board, situation), lease)
    elif intent is not None or situation.leftover:
        board.delete_tag(intent_key(alias))
    return Situation.of(board.snapshot(), alias), situation.findings()


def _align(board: Switchboard, situation: Situation, version: int, lease: Lease) -> None:
    for spelling in dict.fromkeys((*standard_spellings(situation.alias), *situation.pointed)):
        if situation.pointed.get(spelling) != version:
            lease.check()
            board.point(spelling, version)


def _record(board: Switchboard, alias: str, entry: Entry, lease: Lease) -> None:
    lease.check()
    board.set_tag(entry_key(alias, entry.number), entry.as_tag())
    board.delete_tag(intent_key(alias))


def _seen(board: Switchboard, situation: Situation) -> Entry:
    current = situation.current
    return Entry(
        number=situation.next_number,
        at=now(),
        by=f"unknown, seen by {who_am_i()}",
        action="removed" if current is None else "moved",
        from_version=situation.recorded,
        to_version=current,
        why="outside of this product's commands",
        metrics={} if current is None else board.numbers(current),
    )


def _read_intent(text: str | None) -> Entry | None:
    try:
        return None if text is None else Entry.from_tag(text)
    except (ValueError, TypeError):
        return None


def _version(version: int | None) -> str:
    return "not set" if version is None else f"version {version}"
