"""The switch of the traffic: shares, and where callers stand."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import ParameterError
from recsys.traffic import (
    CHALLENGER_TAG,
    POSITIONS,
    SHADOW,
    SHADOW_TAG,
    SPLIT,
    Draw,
    Share,
    Shares,
    position_of,
    salt_of,
    traffic_tags,
)

SALT = salt_of(2, "a" * 64).encode()


@pytest.mark.parametrize(
    ("text", "percent", "shown"),
    [
        ("10%", 10, "10%"),
        ("10 %", 10, "10%"),
        (" 10% ", 10, "10%"),
        ("2.5%", Fraction(5, 2), "2.5%"),
        ("0.01%", Fraction(1, 100), "0.01%"),
        ("0%", 0, "0%"),
        ("100%", 100, "100%"),
        ("100.0000%", 100, "100%"),
        ("010%", 10, "10%"),
        ("33.3333%", Fraction(333333, 10000), "33.3333%"),
    ],
)
def test_share_that_is_a_percentage_is_read(text: str, percent: Fraction, shown: str) -> None:
    assert Share.parse(text).percent == percent
    assert str(Share.parse(text)) == shown
    assert Share.parse(str(Share.parse(text))) == Share.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "%", "ten", "10", "0.1", "150%", "100.1%", "-1%", "+1%", "1e1%", "10%%", "10 percent", "1,5%"),
        *(".5%", "5.%", "nan%", "inf%", "٣%", "10% of all", "1 0%", "10\n%", "0x10%", "1.00001%", "9" * 1000),
    ],
)
def test_share_that_is_no_percentage_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(ParameterError, match=r"is no share; write a percentage from 0% to 100%, as 10%") as found:
        Share.parse(text)
    assert len(str(found.value)) < 130


def test_shares_of_tags_names_the_tag_that_is_wrong() -> None:
    assert not Shares.of({"owner": "ann"})
    assert not Shares.of({CHALLENGER_TAG: "0%"})
    found = Shares.of({CHALLENGER_TAG: "10%", SHADOW_TAG: "20%", "owner": "ann"})
    assert (str(found.challenger), str(found.shadow), bool(found)) == ("10%", "20%", True)
    with pytest.raises(ParameterError, match=r"the tag traffic\.shadow of the registered model: 'ten' is no share"):
        Shares.of({CHALLENGER_TAG: "10%", SHADOW_TAG: "ten"})
    assert traffic_tags({SHADOW_TAG: "x", "owner": "ann"}) == {SHADOW_TAG: "x"}


def test_threshold_of_all_takes_every_position_and_of_nothing_none() -> None:
    assert Share.parse("100%").threshold == POSITIONS
    assert Share.parse("0%").threshold == 0
    assert Share.parse("50%").threshold == POSITIONS // 2


@given(st.binary(max_size=200), st.fractions(0, 100), st.fractions(0, 100))
def test_share_that_grows_moves_nobody_back(caller: bytes, one: Fraction, other: Fraction) -> None:
    smaller, larger = sorted((Share(one), Share(other)), key=lambda share: share.percent)
    assert smaller.threshold <= larger.threshold
    position = position_of(caller, SALT)
    assert 0 <= position < POSITIONS
    assert not position < smaller.threshold or position < larger.threshold


@given(st.binary(max_size=200), st.fractions(0, 100), st.sampled_from([SPLIT, SHADOW]))
def test_draw_takes_those_whose_position_lies_below_the_threshold(
    caller: bytes, percent: Fraction, purpose: bytes
) -> None:
    share = Share(percent)
    assert Draw(share, SALT, purpose).takes(caller) == (position_of(caller, SALT, purpose) < share.threshold)


def test_draw_at_the_very_end_is_exact() -> None:
    position = position_of(b"ann", SALT)
    for distance, taken in ((0, False), (1, True), (-1, False)):
        share = Share(Fraction(100 * (position + distance), POSITIONS))
        assert share.threshold == position + distance
        assert Draw(share, SALT).takes(b"ann") is taken
    assert Draw(Share(Fraction(100)), SALT).takes(b"ann")
    assert not Draw(Share(), SALT).takes(b"ann")


def test_positions_are_spread_evenly_and_independent_for_each_salt_and_purpose() -> None:
    callers = [f"user {number}".encode() for number in range(4000)]
    half = POSITIONS // 2
    columns = [
        [position_of(caller, salt, purpose) < half for caller in callers]
        for salt, purpose in ((SALT, b"split"), (SALT, b"shadow"), (salt_of(3, "a" * 64).encode(), b"split"))
    ]
    bound = 4 * math.sqrt(len(callers)) / 2
    for column in columns:
        assert abs(sum(column) - 2000) < bound
    for other in columns[1:]:
        same = sum(mine == theirs for mine, theirs in zip(columns[0], other, strict=True))
        assert abs(same - 2000) < bound


def test_position_is_the_same_in_every_release() -> None:
    # Whoever changes the hash moves every user of every experiment.
    assert salt_of(2, "a" * 64) == "ae64a55e7248d6f4aae5063ee24cabc4"
    assert position_of(b"ann", SALT) == 15_060_666_590_594_936_468
