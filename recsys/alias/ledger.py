"""The history of an alias: who moved it, when, from what, to what, why, with which numbers.

It lies in the tags of the registered model, one JSON a tag, under keys that sort by time:
``recsys.history.production.000012``.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from recsys.alias.tag_names import PREFIX, machine_tag

Action = Literal["promoted", "rolled back", "moved", "removed", "traffic"]
"""``moved`` and ``removed``: not by a command of this product, but in MLflow's UI or by another client. ``traffic``:
the alias stayed, and what the Challenger gets of the traffic has changed (`recsys.traffic`)."""


@dataclass(frozen=True)
class Entry:
    """One decision.

    Attributes
    ----------
    number
        Counts from 1.
    at
        When, UTC, ISO 8601; of a move by someone else, when it was seen.
    by
        Who; of a move by someone else, who saw it.
    action
        What was done.
    from_version, to_version
        None where there was none, or is none any more.
    why
        The reason, one sentence.
    metrics
        The numbers that the decision rests on.
    traffic
        The tags of `recsys.traffic` from then on, where the decision was about them; else None.
    """

    number: int
    at: str
    by: str
    action: Action
    from_version: int | None
    to_version: int | None
    why: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    traffic: Mapping[str, str] | None = None

    def as_tag(self) -> str:
        """Return the entry as JSON; what is None is left out of it, so that earlier releases can read it."""
        fields = asdict(self)
        if self.traffic is None:
            del fields["traffic"]
        return json.dumps(fields, ensure_ascii=False)

    @classmethod
    def from_tag(cls, text: str) -> "Entry":
        """Return the entry of a tag.

        Raises
        ------
        ValueError, TypeError
            When the tag is no entry.
        """
        fields: dict[str, Any] = json.loads(text)
        return cls(**fields)


def now() -> str:
    """Return the time as entries keep it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def entry_key(alias: str, number: int) -> str:
    """Return the name of the tag of an entry."""
    return machine_tag(f"history.{alias.lower()}.{number:06d}")


def next_number(tags: Mapping[str, str], alias: str) -> int:
    """Return the number of the next entry."""
    return max((number for number, _ in _entry_tags(tags, alias)), default=0) + 1


def read_ledger(tags: Mapping[str, str], alias: str) -> tuple[Entry, ...]:
    """Return the history of an alias, oldest first, without the tags that someone has altered beyond recognition."""
    entries = []
    for _, text in sorted(_entry_tags(tags, alias)):
        with suppress(ValueError, TypeError):
            entries.append(Entry.from_tag(text))
    return tuple(entries)


def _entry_tags(tags: Mapping[str, str], alias: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of each entry; those of earlier releases have no prefix."""
    beginning = f"history.{alias.lower()}."
    for key, text in tags.items():
        name = key.removeprefix(PREFIX)
        number = name.removeprefix(beginning)
        if name.startswith(beginning) and number.isdecimal():
            yield int(number), text


def moves_in(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries that are about where the alias stands, and not about the traffic of the Challenger."""
    return [entry for entry in entries if entry.action != "traffic"]


def recorded_traffic(entries: Sequence[Entry]) -> Mapping[str, str]:
    """Return the tags of `recsys.traffic` as the history last had them."""
    return next((entry.traffic for entry in reversed(entries) if entry.traffic is not None), {})


def version_before(entries: Sequence[Entry], existing: Collection[int]) -> int | None:
    """Return the version that a rollback leads to, None when there is none.

    A promotion is put on a stack, a rollback takes away what lies above its target. So a second rollback goes on
    further back, and never returns to what was rolled back. A move by hand counts as a rollback where it leads to a
    version on the stack. Versions that no longer exist are passed over.
    """
    stack: list[int] = []
    for entry in entries:
        target = entry.to_version
        if target is None:
            continue
        if entry.action != "promoted" and target in stack:
            del stack[stack.index(target) + 1 :]
        else:
            stack = [version for version in stack if version != target] + [target]
    current = entries[-1].to_version if entries else None
    below = stack[:-1] if stack and stack[-1] == current else stack
    return next((version for version in reversed(below) if version in existing), None)
