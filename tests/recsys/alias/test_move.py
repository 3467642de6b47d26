"""Moves of an alias, and every way in which they can be cut short."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_alias_store import MemoryAliasStore

from recsys.alias import lease
from recsys.alias.move import move, settle
from recsys.alias.state import AliasState, intent_key
from recsys.errors import LeaseHeldError, RegistryError

pytestmark = pytest.mark.usefixtures("no_waiting")

ALIAS = "Production"


def state(store: MemoryAliasStore) -> AliasState:
    return AliasState.of(store.metadata(), ALIAS)


def served_store(version: int = 1) -> MemoryAliasStore:
    store = MemoryAliasStore()
    move(store, ALIAS, version, action="promoted", why="first")
    store.writes.clear()
    return store


def assert_consistent(store: MemoryAliasStore) -> None:
    now = state(store)
    assert now.is_settled
    assert set(store.aliases_now.values()) <= {now.current}
    assert intent_key(ALIAS) not in store.tags_now
    assert not [key for key in store.tags_now if key.startswith("recsys.lock.")]
    chain = now.ledger
    assert [entry.number for entry in chain] == list(range(1, len(chain) + 1))
    assert [entry.from_version for entry in chain[1:]] == [entry.to_version for entry in chain[:-1]]


def test_move_first_sets_both_spellings_and_the_history():
    store = MemoryAliasStore()
    done = move(store, ALIAS, 1, action="promoted", why="first", metrics={"ndcg_at_10": 0.5})
    assert store.aliases_now == {"Production": 1, "production": 1}
    assert done.entry == state(store).ledger[0]
    assert (done.entry.from_version, done.entry.to_version, done.entry.why) == (None, 1, "first")
    assert_consistent(store)


def test_move_writes_intent_aliases_history_in_this_order():
    store = served_store()
    move(store, ALIAS, 2, action="promoted")
    assert store.writes == [
        "set recsys.lock.production",
        "set recsys.intent.production",
        "point Production",
        "point production",
        "set recsys.history.production.000002",
        "delete recsys.intent.production",
        "delete recsys.lock.production",
    ]


def test_move_third_spelling_is_moved_too():
    store = served_store()
    store.aliases_now["PRODUCTION"] = 1
    move(store, ALIAS, 2, action="promoted")
    assert store.aliases_now == {"Production": 2, "production": 2, "PRODUCTION": 2}


def test_move_to_where_it_is_changes_nothing_but_completes_spellings():
    store = served_store()
    del store.aliases_now["production"]
    done = move(store, ALIAS, 1, action="promoted")
    assert done.entry is None
    assert store.aliases_now == {"Production": 1, "production": 1}
    assert len(state(store).ledger) == 1


def test_move_refused_under_the_lock_moves_nothing():
    store = served_store()
    done = move(store, ALIAS, 2, action="promoted", allowed=lambda found: f"it is {found.current}")
    assert (done.refusal, done.entry) == ("it is 1", None)
    assert store.aliases_now == {"Production": 1, "production": 1}
    assert_consistent(store)


@pytest.mark.parametrize("lands", [False, True], ids=["lost", "answer_lost"])
@pytest.mark.parametrize("fail_at", range(7))
def test_move_registry_fails_at_any_write_next_look_repairs(fail_at, lands):
    store = served_store()
    store.fail_at, store.lands = fail_at, lands
    with suppress(RegistryError):
        move(store, ALIAS, 2, action="promoted", why="better")
    halfway = state(store).current
    store.heal()
    store.tags_now = {
        key: text for key, text in store.tags_now.items() if not key.startswith("recsys.lock.")
    }  # it runs out
    after, said = settle(store, ALIAS)
    moved = 2 in store.aliases_now.values()
    assert after.current == halfway == (2 if moved else 1)
    assert_consistent(store)
    if moved:
        assert (after.ledger[-1].action, after.ledger[-1].why) == ("promoted", "better")
    if fail_at in (2, 3, 4) or (fail_at == 1 and lands) or (fail_at == 5 and not lands):
        assert any("interrupted" in sentence for sentence in said)


@pytest.mark.parametrize("spelling", ["Production", "production", "PRODUCTION"])
@pytest.mark.parametrize("version", [1, 3])
def test_settle_moved_by_others_is_entered_and_brought_into_line(spelling, version):
    store = served_store(2)
    store.aliases_now[spelling] = version
    after, said = settle(store, ALIAS)
    assert after.current == version
    assert (after.ledger[-1].action, after.ledger[-1].from_version) == ("moved", 2)
    assert after.ledger[-1].by.startswith("unknown, seen by ")
    assert after.ledger[-1].metrics == {"ndcg_at_10": version / 10}
    assert any("outside of this product's commands" in sentence for sentence in said)
    assert_consistent(store)


def test_settle_removed_in_all_spellings_is_entered_and_not_set_again():
    store = served_store()
    store.aliases_now.clear()
    after, said = settle(store, ALIAS)
    assert (after.current, after.was_withdrawn) == (None, True)
    assert (after.ledger[-1].action, after.ledger[-1].to_version) == ("removed", None)
    assert "was removed" in said[0]
    assert settle(store, ALIAS)[1] == []
    assert store.aliases_now == {}


def test_settle_removed_in_one_spelling_is_left_alone():
    store = served_store()
    del store.aliases_now["production"]
    after, said = settle(store, ALIAS)
    assert (after.current, said, store.writes) == (1, [], [])


def test_settle_all_well_writes_nothing_and_takes_no_lock():
    store = served_store()
    settle(store, ALIAS)
    assert store.writes == []


@pytest.mark.parametrize("text", ["{", "{}", ""])
def test_settle_damaged_intent_is_removed(text):
    store = served_store()
    store.tags_now[intent_key(ALIAS)] = text
    assert settle(store, ALIAS)[0].current == 1
    assert_consistent(store)


def test_move_lock_held_by_another_fails_and_moves_nothing():
    store = served_store()
    with (
        lease.held_lease(store, "recsys.lock.production", "a move of Production"),
        pytest.raises(LeaseHeldError, match="move"),
    ):
        move(store, ALIAS, 2, action="promoted", wait_seconds=0)
    assert store.aliases_now == {"Production": 1, "production": 1}


HANDS = st.sampled_from(["Production", "production"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("command"), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 6)), st.booleans()),
        st.tuples(st.just("hand"), HANDS, st.integers(1, 4)),
        st.tuples(st.just("remove"), HANDS),
        st.tuples(st.just("look")),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_sequence_of_moves_failures_and_looks_ends_consistent(steps):
    store = MemoryAliasStore()
    for step in steps:
        match step:
            case ("command", version, fail_at, lands):
                store.writes.clear()
                store.fail_at, store.lands = fail_at, lands
                try:
                    move(store, ALIAS, version, action="promoted")
                except RegistryError:
                    store.tags_now = {key: t for key, t in store.tags_now.items() if not key.startswith("recsys.lock.")}
                else:
                    assert state(store).current == version
                store.heal()
                store.tags_now.pop("recsys.lock.production", None)  # where giving it back has failed, it runs out
            case ("hand", spelling, version):
                settle(store, ALIAS)  # whoever moves an alias by hand has looked at it for longer than a poll
                store.aliases_now[spelling] = version
                assert state(store).current == version or len(set(store.aliases_now.values())) == 1
            case ("remove", spelling):
                store.aliases_now.pop(spelling, None)
            case ("look",):
                settle(store, ALIAS)
    before = state(store).current
    assert settle(store, ALIAS)[0].current == before
    assert_consistent(store)


def test_settle_drops_the_intent_that_an_earlier_release_left():
    store = MemoryAliasStore({"Production": 1, "production": 1})
    settle(store, ALIAS)
    store.tags_now["intent.production"] = '{"damaged'
    after, said = settle(store, ALIAS)
    assert after.is_settled
    assert said
    assert "intent.production" not in store.tags_now
