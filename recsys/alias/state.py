"""What one look at the registry tells about an alias; nothing is written here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from recsys.alias.lease import TagStore
from recsys.alias.ledger import Entry, next_number, read_ledger, recorded_traffic
from recsys.alias.spellings import newest_decision, pointers
from recsys.alias.tag_names import PREFIX, machine_tag, read_tag
from recsys.alias.traffic_record import traffic_in_words
from recsys.traffic import CHALLENGER, traffic_tags


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


def intent_key(alias: str) -> str:
    """Return the name of the tag that announces a move."""
    return machine_tag(f"intent.{alias.lower()}")


def earlier_intent_key(alias: str) -> str:
    """Return the name that earlier releases gave that tag."""
    return intent_key(alias).removeprefix(PREFIX)


def _read_intent(text: str | None) -> Entry | None:
    try:
        return None if text is None else Entry.from_tag(text)
    except (ValueError, TypeError):
        return None


def _version(version: int | None) -> str:
    return "not set" if version is None else f"version {version}"
