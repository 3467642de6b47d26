"""What an alias means when its spellings disagree.

MLflow's registry tells ``Production`` from ``production``, but its UI turns what is typed into lower case. So there may
be several spellings of one alias, and a person moves one of them only. Nothing in the registry says when an alias was
set; but the last known decision is on record (`recsys.alias.ledger`), so a spelling that differs from it has moved
since.
"""

from collections.abc import Mapping


def pointers(aliases: Mapping[str, int], alias: str) -> dict[str, int]:
    """Return the spellings of one alias that are set, and the version of each."""
    return {spelling: version for spelling, version in aliases.items() if spelling.lower() == alias.lower()}


def standard_spellings(alias: str) -> tuple[str, ...]:
    """Return the spellings that are written together: as configured, and as MLflow's UI writes it."""
    return tuple(dict.fromkeys((alias, alias.lower())))


def newest_decision(pointed: Mapping[str, int], recorded: int | None, intended: int | None) -> int | None:
    """Return the version that the alias stands for.

    Parameters
    ----------
    pointed
        The spellings that are set, see `pointers`.
    recorded
        The last decision on record, None when there is none or when it was a removal.
    intended
        The version of a move that has begun and is not on record yet.

    Returns
    -------
    The one version that the spellings agree on; else the one that differs from the record, where a move by hand
    outweighs one that was under way. Two different moves since the last look cannot be put in order: then the newer
    version counts. None when no spelling is set: an alias is removed only when all its spellings are.
    """
    versions = set(pointed.values())
    if len(versions) <= 1:
        return next(iter(versions), None)
    moved = versions - {recorded}
    by_hand = moved - {intended}
    return max(by_hand or moved)
