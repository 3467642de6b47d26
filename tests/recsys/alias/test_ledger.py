import pytest

from recsys.alias.ledger import Entry, entry_key, next_number, read_ledger, version_before


def entry(number: int, action: str, to_version: int | None) -> Entry:
    return Entry(number, "2026-01-01T00:00:00Z", "ann@host", action, None, to_version, "why", {"ndcg_at_10": 0.25})


def history(*moves: tuple[str, int | None]) -> list[Entry]:
    return [entry(number, action, version) for number, (action, version) in enumerate(moves, 1)]


def test_entry_tag_round_trip_is_the_same():
    before = entry(3, "promoted", 7)
    assert Entry.from_tag(before.as_tag()) == before


def test_read_history_unsorted_tags_of_several_aliases_gives_one_in_order():
    tags = {entry_key("Production", n): entry(n, "promoted", n).as_tag() for n in (10, 2, 1)}
    tags |= {entry_key("Staging", 1): entry(1, "promoted", 9).as_tag(), "owner": "ann"}
    assert [found.number for found in read_ledger(tags, "PRODUCTION")] == [1, 2, 10]
    assert next_number(tags, "Production") == 11


@pytest.mark.parametrize("text", ["", "promoted", "[]", "{}", '{"number": 1, "surprise": 2}'])
def test_read_history_damaged_tag_is_passed_over_but_its_number_is_not_used_again(text):
    tags = {entry_key("Production", 1): entry(1, "promoted", 1).as_tag(), entry_key("Production", 2): text}
    assert [found.number for found in read_ledger(tags, "Production")] == [1]
    assert next_number(tags, "Production") == 3


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        pytest.param([], None, id="empty"),
        pytest.param([("promoted", 1)], None, id="first"),
        pytest.param([("promoted", 1), ("promoted", 2), ("promoted", 3)], 2, id="promotions"),
        pytest.param([("promoted", 1), ("promoted", 2), ("promoted", 3), ("rolled back", 2)], 1, id="second_rollback"),
        pytest.param([("promoted", 1), ("promoted", 2), ("moved", 1)], None, id="rolled_back_in_the_ui"),
        pytest.param([("promoted", 1), ("moved", 2)], 1, id="promoted_in_the_ui"),
        pytest.param([("promoted", 1), ("promoted", 3), ("promoted", 1)], 3, id="old_version_promoted_anew"),
        pytest.param([("promoted", 1), ("promoted", 2), ("removed", None)], 2, id="removed"),
        pytest.param([("promoted", 1), ("removed", None), ("promoted", 2)], 1, id="set_again"),
        pytest.param([("promoted", 1), ("promoted", 9), ("promoted", 3)], 1, id="deleted_version_is_passed_over"),
        pytest.param([("promoted", 1), ("promoted", 3), ("rolled back", 2)], 3, id="rolled_back_to_a_new_one"),
    ],
)
def test_version_before(moves, expected):
    assert version_before(history(*moves), {1, 2, 3}) == expected
