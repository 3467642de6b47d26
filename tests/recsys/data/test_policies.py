import numpy as np
import pytest

from recsys.data.policies import Policies, Scale
from recsys.errors import ParameterError


@pytest.mark.parametrize(
    ("text", "low", "high"), [("1-10", 1, 10), ("0-100", 0, 100), ("-10-10", -10, 10), ("0 to 1", 0, 1), ("1..7", 1, 7)]
)
def test_parse_scale_in_any_spelling(text: str, low: float, high: float) -> None:
    assert Scale.parse(text) == Scale(low, high)


@pytest.mark.parametrize("text", ["", "10", "10-1", "5-5", "a-b", "1-2-3"])
def test_parse_scale_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ParameterError, match="write it as 1-10"):
        Scale.parse(text)


def test_to_stars_maps_the_ends_onto_the_ends() -> None:
    stars = Scale(-10, 10).to_stars(np.array([-10, 0, 10], np.float32))
    np.testing.assert_array_equal(stars, [0.5, 2.75, 5])


def test_parse_policies_unknown_word_suggests_the_right_one() -> None:
    with pytest.raises(ParameterError, match=r"--duplicates 'keep-lst'.*did you mean 'keep-last'"):
        Policies.parse(duplicates="keep-lst")
    with pytest.raises(ParameterError, match="--unknown-movies 'no'"):
        Policies.parse(unknown_movies="no")
    assert Policies.parse() == Policies()
