"""Sets and removes the tags by which the Challenger gets traffic, with an entry in the history as a move has one."""

from collections.abc import Mapping
from dataclasses import dataclass

from recsys.alias.identity import who_am_i
from recsys.alias.lease import Lease
from recsys.alias.ledger import Entry, entry_key
from recsys.alias.move import WAIT_SECONDS, lock, settle_under
from recsys.alias.state import AliasState, AliasStore
from recsys.alias.traffic_record import traffic_entry
from recsys.traffic import CHALLENGER, Share


@dataclass(frozen=True)
class TrafficChange:
    """What came of a change.

    Attributes
    ----------
    entry
        The new entry of the history, None when all was so already or it was refused.
    before, now
        The tags before and after.
    production, challenger
        The versions that the aliases stand for, None where they are not set.
    repaired
        What was put right on the way, a sentence each.
    refusal
        Why nothing was changed, empty when it was.
    """

    entry: Entry | None
    before: Mapping[str, str]
    now: Mapping[str, str]
    production: int | None
    challenger: int | None
    repaired: tuple[str, ...] = ()
    refusal: str = ""


def set_traffic(
    store: AliasStore, alias: str, wanted: Mapping[str, Share], *, why: str = "", wait_seconds: float = WAIT_SECONDS
) -> TrafficChange:
    """Let the Challenger have these shares of the traffic, and enter it in the history of an alias.

    Parameters
    ----------
    wanted
        Shares by the names of their tags; nothing removes the tag, and tags that are not named stay.

    Raises
    ------
    LeaseHeldError
        When a move does not end within ``wait_seconds``.
    RegistryError
        When the registry fails; the next command or look enters in the history what has been written.
    """
    with lock(store, alias, f"a change of the traffic of {CHALLENGER}", wait_seconds) as lease:
        state, repaired = settle_under(store, alias, lease)
        challenger = AliasState.of(store.metadata(), CHALLENGER).current
        before = dict(state.traffic)
        after = {key: value for key, value in before.items() if key not in wanted}
        after |= {key: str(share) for key, share in wanted.items() if share}
        found = TrafficChange(None, before, after, state.current, challenger, tuple(repaired))
        if after == before:
            return found
        refusal = _refusal(alias, state.current, challenger) if any(wanted.values()) else ""
        if refusal:
            return TrafficChange(None, before, before, state.current, challenger, tuple(repaired), refusal)
        _write(store, before, after, lease)
        entry = traffic_entry(state.next_number, state.recorded, after, state.challenger, by=who_am_i(), why=why)
        lease.check()
        store.set_tag(entry_key(alias, entry.number), entry.as_tag())
        return TrafficChange(entry, before, after, state.current, challenger, tuple(repaired))


def _write(store: AliasStore, before: Mapping[str, str], after: Mapping[str, str], lease: Lease) -> None:
    for key in {**before, **after}:
        lease.check()
        if key not in after:
            store.delete_tag(key)
        elif after[key] != before.get(key):
            store.set_tag(key, after[key])


def _refusal(alias: str, production: int | None, challenger: int | None) -> str:
    """Return why the Challenger cannot have traffic, empty when it can."""
    if production is None:
        return f"no version has the alias {alias}, so there is nothing to try a {CHALLENGER} beside; promote one first"
    if challenger is None:
        return f"no version has the alias {CHALLENGER}; train one, or give a version that alias in MLflow"
    if challenger == production:
        return f"{CHALLENGER} is version {challenger}, which is {alias} already; train another"
    return ""
