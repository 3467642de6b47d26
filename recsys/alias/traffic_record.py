"""What the history of an alias says of the traffic of the Challenger, see `recsys.traffic`."""

from collections.abc import Collection, Mapping

from recsys.alias.lease import Lease, TagStore
from recsys.alias.ledger import Entry, now
from recsys.traffic import CHALLENGER, traffic_tags


def traffic_entry(
    number: int, version: int | None, tags: Mapping[str, str], challenger: Collection[int], *, by: str, why: str
) -> Entry:
    """Return the entry that says what the Challenger gets of the traffic from now on.

    Parameters
    ----------
    number
        Of the entry.
    version
        That the alias stands for, and goes on to.
    tags
        Those of `recsys.traffic`, as they are now.
    challenger
        The versions that the spellings of the Challenger's alias point to.
    by, why
        Who has changed it, and the reason.
    """
    who = f"{CHALLENGER} is version {max(challenger)}" if challenger else f"{CHALLENGER} is not set"
    reason = f"{traffic_in_words(tags)}; {who}" if tags else "no traffic"
    return Entry(
        number=number,
        at=now(),
        by=by,
        action="traffic",
        from_version=version,
        to_version=version,
        why=f"{reason}; {why}" if why else reason,
        traffic=tags,
    )


def end_traffic(store: TagStore, lease: Lease) -> None:
    """Remove the tags by which the Challenger gets traffic, as far as they are there."""
    for key in traffic_tags(store.tags()):
        lease.check()
        store.delete_tag(key)


def traffic_in_words(tags: Mapping[str, str]) -> str:
    """Return the tags of `recsys.traffic` as a history shows them."""
    return ", ".join(f"{key} {value or repr(value)}" for key, value in tags.items()) or "none"
