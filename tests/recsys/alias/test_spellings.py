import pytest

from recsys.alias.spellings import newest_decision, pointers, standard_spellings


def test_pointers_other_aliases_are_left_out():
    aliases = {"Production": 1, "production": 2, "PRODUCTION": 3, "Challenger": 4, "production2": 5}
    assert pointers(aliases, "Production") == {"Production": 1, "production": 2, "PRODUCTION": 3}


def test_standard_spellings_lower_case_alias_is_written_once():
    assert standard_spellings("Production") == ("Production", "production")
    assert standard_spellings("production") == ("production",)


@pytest.mark.parametrize(
    ("pointed", "recorded", "intended", "expected"),
    [
        pytest.param({}, 3, None, None, id="removed"),
        pytest.param({"Production": 3, "production": 3}, 3, None, 3, id="agree"),
        pytest.param({"Production": 3}, 3, None, 3, id="one_spelling_removed"),
        pytest.param({"production": 2}, None, None, 2, id="never_recorded"),
        pytest.param({"Production": 3, "production": 5}, 3, None, 5, id="promoted_in_the_ui"),
        pytest.param({"Production": 3, "production": 1}, 3, None, 1, id="rolled_back_in_the_ui"),
        pytest.param({"Production": 5, "production": 3}, 3, None, 5, id="promoted_by_client"),
        pytest.param({"Production": 1, "production": 3}, 3, None, 1, id="rolled_back_by_client"),
        pytest.param({"Production": 3, "production": 3, "PRODUCTION": 2}, 3, None, 2, id="third_spelling_moved"),
        pytest.param({"Production": 5, "production": 5}, 3, None, 5, id="both_moved"),
        pytest.param({"Production": 5, "production": 3}, 3, 5, 5, id="command_stopped_between_two_writes"),
        pytest.param({"Production": 5, "production": 2}, 3, 5, 2, id="moved_by_hand_during_a_command"),
        pytest.param({"Production": 4, "production": 2}, 3, None, 4, id="two_moves_unseen_take_the_newer_version"),
    ],
)
def test_newest_decision(pointed, recorded, intended, expected):
    assert newest_decision(pointed, recorded, intended) == expected
