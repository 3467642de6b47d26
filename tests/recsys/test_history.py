"""What ratings weigh."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.history import history_of, rating_weight, rating_weights


@pytest.mark.parametrize(("stars", "weight"), [(5, 3), (4, 3**0.3 * 2**0.7), (3, 3**0.3), (2, 0), (1, -1), (0.5, -1.5)])
def test_rating_weight_two_stars_are_neutral(stars: float, weight: float) -> None:
    assert rating_weight(stars, None, 0.5) == pytest.approx(weight)


@given(stars=st.floats(0.5, 5), min_rating=st.none() | st.floats(0, 5), exponent=st.sampled_from([0.0, 0.5, 1.0]))
def test_rating_weights_of_many_are_those_of_each(stars: float, min_rating: float | None, exponent: float) -> None:
    many = rating_weights(np.array([stars]), min_rating, exponent)
    assert many.dtype == np.float32
    assert many.tolist() == pytest.approx([rating_weight(stars, min_rating, exponent)], rel=1e-6)


@given(low=st.floats(0.5, 5), high=st.floats(0.5, 5))
def test_rating_weight_more_stars_never_weigh_less(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert rating_weight(low, None, 1.0) <= rating_weight(high, None, 1.0)


def test_history_of_puts_the_liked_first_and_leaves_out_the_neutral() -> None:
    row_of = {10: 0, 20: 1, 30: 2, 40: 3}
    history = history_of({40: 5, 30: 1, 20: 2, 10: 4.5, 99: 5}, row_of, min_rating=None, exponent=0.5)
    assert history.seen.tolist() == [0, 1, 2, 3]
    assert history.item_indices.tolist() == [0, 3, 2]
    assert history.liked.tolist() == [0, 3]
    assert history.disliked.tolist() == [2]
    assert history.weights.tolist() == pytest.approx([3**0.3 * 2.5**0.7, 3, -1])
    assert history.unknown_movie_ids == (99,)


def test_history_of_min_rating_has_no_dislikes() -> None:
    history = history_of({1: 5, 2: 1, 3: 4}, {1: 0, 2: 1, 3: 2}, min_rating=4, exponent=0.5)
    assert history.item_indices.tolist() == [0, 2]
    assert history.weights.tolist() == pytest.approx([5**0.5, 2])
    assert history.n_liked == 2
