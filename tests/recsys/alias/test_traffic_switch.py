"""The traffic of the Challenger in the registry: set, promoted away, changed by other hands, and cut short anywhere."""

from contextlib import suppress

import pytest
from memory_alias_store import MemoryAliasStore

from recsys.alias.ledger import Entry, version_before
from recsys.alias.move import move, settle
from recsys.alias.state import AliasState
from recsys.alias.traffic_switch import set_traffic
from recsys.errors import RegistryError
from recsys.traffic import CHALLENGER, CHALLENGER_TAG, SHADOW_TAG, Share, traffic_tags

pytestmark = pytest.mark.usefixtures("no_waiting")

ALIAS = "Production"
TENTH = {CHALLENGER_TAG: Share.parse("10%")}


def state(store: MemoryAliasStore) -> AliasState:
    return AliasState.of(store.metadata(), ALIAS)


def store_with(challenger: int | None = 2, *, share: str = "", shadow: str = "") -> MemoryAliasStore:
    """Return a store whose Production is version 1."""
    store = MemoryAliasStore()
    move(store, ALIAS, 1, action="promoted", why="first")
    if challenger is not None:
        store.aliases_now[CHALLENGER] = challenger
    for key, value in ((CHALLENGER_TAG, share), (SHADOW_TAG, shadow)):
        if value:
            store.tags_now[key] = value
    settle(store, ALIAS)
    store.writes.clear()
    return store


def test_set_traffic_writes_the_tag_and_then_the_entry():
    store = store_with()
    done = set_traffic(store, ALIAS, TENTH, why="to see")
    assert store.writes == [
        "set recsys.lock.production",
        "set traffic.challenger",
        "set recsys.history.production.000002",
        "delete recsys.lock.production",
    ]
    assert (done.before, done.now, done.refusal) == ({}, {CHALLENGER_TAG: "10%"}, "")
    assert state(store).is_settled


def test_set_traffic_leaves_the_other_tag_and_removes_with_nothing():
    store = store_with(2, shadow="20%")
    set_traffic(store, ALIAS, TENTH)
    assert traffic_tags(store.tags_now) == {CHALLENGER_TAG: "10%", SHADOW_TAG: "20%"}
    set_traffic(store, ALIAS, {SHADOW_TAG: Share()})
    assert traffic_tags(store.tags_now) == {CHALLENGER_TAG: "10%"}
    assert [entry.action for entry in state(store).ledger] == ["promoted", "traffic", "traffic", "traffic"]


@pytest.mark.parametrize(("challenger", "message"), [(None, "no version has the alias"), (1, "is Production already")])
def test_set_traffic_without_another_version_is_refused(challenger, message):
    store = store_with(challenger)
    done = set_traffic(store, ALIAS, TENTH)
    assert message in done.refusal
    assert done.entry is None
    assert traffic_tags(store.tags_now) == {}


def test_set_traffic_without_production_is_refused():
    store = MemoryAliasStore({CHALLENGER: 2})
    assert "no version has the alias Production" in set_traffic(store, ALIAS, TENTH).refusal


@pytest.mark.parametrize("lands", [False, True])
@pytest.mark.parametrize("fail_at", range(4))
def test_set_traffic_cut_short_is_put_on_record_by_the_next_look(fail_at, lands):
    store = store_with()
    store.fail_at, store.lands = fail_at, lands
    with suppress(RegistryError):
        set_traffic(store, ALIAS, TENTH)
    store.heal()
    store.tags_now = {key: value for key, value in store.tags_now.items() if not key.startswith("recsys.lock.")}
    found, _ = settle(store, ALIAS)
    assert found.is_settled
    assert dict(found.traffic) == dict(traffic_tags(store.tags_now))
    n_changes = sum(entry.action == "traffic" for entry in found.ledger)
    assert n_changes == bool(found.traffic), "on record once, and only where it took place"
    assert bool(found.traffic) == (fail_at > 1 or (fail_at == 1 and lands))


@pytest.mark.parametrize("lands", [False, True])
@pytest.mark.parametrize("fail_at", range(9))
def test_promotion_cut_short_ends_the_traffic_if_and_only_if_the_alias_has_moved(fail_at, lands):
    store = store_with(2, share="50%", shadow="20%")
    store.fail_at, store.lands = fail_at, lands
    with suppress(RegistryError):
        move(store, ALIAS, 2, action="promoted", why="it has won")
    store.heal()
    store.tags_now = {key: value for key, value in store.tags_now.items() if not key.startswith("recsys.lock.")}
    found, _ = settle(store, ALIAS)
    assert found.is_settled
    assert found.current in (1, 2)
    assert traffic_tags(store.tags_now) == ({} if found.current == 2 else {CHALLENGER_TAG: "50%", SHADOW_TAG: "20%"})
    assert found.recorded == found.current


def test_move_to_the_challenger_by_other_hands_ends_the_traffic():
    store = store_with(2, share="50%")
    store.aliases_now[ALIAS.lower()] = 2
    found, _ = settle(store, ALIAS)
    assert traffic_tags(store.tags_now) == {}
    assert (found.ledger[-1].action, found.ledger[-1].traffic) == ("moved", {})


def test_move_to_another_version_by_other_hands_leaves_the_traffic():
    store = store_with(2, share="50%")
    store.aliases_now[ALIAS.lower()] = 3
    settle(store, ALIAS)
    assert traffic_tags(store.tags_now) == {CHALLENGER_TAG: "50%"}


def test_change_by_other_hands_together_with_a_move_makes_two_entries():
    store = store_with(2)
    store.aliases_now[ALIAS] = store.aliases_now[ALIAS.lower()] = 3
    store.tags_now[CHALLENGER_TAG] = "ten"
    found, findings = settle(store, ALIAS)
    assert [(entry.action, entry.to_version) for entry in found.ledger[1:]] == [("moved", 3), ("traffic", 3)]
    assert len(findings) == 2
    store.writes.clear()
    settle(store, ALIAS)
    assert store.writes == []


def test_alias_that_was_never_set_and_the_challengers_own_keep_no_record():
    store = store_with(2, share="50%")
    assert AliasState.of(store.metadata(), "Staging").is_settled
    move(store, CHALLENGER, 2, action="promoted")
    assert [entry.action for entry in AliasState.of(store.metadata(), CHALLENGER).ledger] == ["moved"]


def test_rollback_leads_to_the_version_before_whatever_was_tried_meanwhile():
    store = store_with(3)
    move(store, ALIAS, 2, action="promoted")
    set_traffic(store, ALIAS, TENTH)
    set_traffic(store, ALIAS, {CHALLENGER_TAG: Share()})
    assert version_before(state(store).ledger, {1, 2, 3}) == 1


def test_entry_without_traffic_is_written_as_earlier_releases_read_it():
    entry = Entry(1, "2026-01-01T00:00:00Z", "ann@host", "promoted", None, 1)
    assert "traffic" not in entry.as_tag()
    assert Entry.from_tag(entry.as_tag()) == entry
