import math

import numpy as np
import pytest

from recsys.evaluation.beyond import (
    catalog_coverage,
    exposure,
    exposure_gini,
    intra_list_diversity,
    novelty,
    popularity_bias,
)

LISTS = np.array([[0, 1], [0, 2], [0, -1]])
NOTHING = np.full((2, 3), -1)


def test_exposure_padded_lists_counts_movies_only():
    assert exposure(LISTS, 4).tolist() == [3, 1, 1, 0]


def test_catalog_coverage_three_of_four_movies_is_three_quarters():
    assert catalog_coverage(LISTS, 4) == 0.75


def test_catalog_coverage_nothing_shown_is_zero():
    assert catalog_coverage(NOTHING, 4) == 0


def test_exposure_gini_by_hand_agrees():
    # exposures 0 1 1 3: (-3*0 - 1*1 + 1*1 + 3*3) / (4 * 5)
    assert exposure_gini(LISTS, 4) == pytest.approx(9 / 20)


def test_exposure_gini_random_lists_equal_mean_absolute_difference():
    lists = np.random.default_rng(0).integers(0, 30, (20, 5)) ** 2 // 30
    shown = exposure(lists, 40)
    expected = np.abs(shown[:, None] - shown).mean() / (2 * shown.mean())
    assert exposure_gini(lists, 40) == pytest.approx(expected)


def test_exposure_gini_equal_exposure_is_zero_and_one_movie_only_is_the_maximum():
    assert exposure_gini(np.array([[0, 1], [2, 3]]), 4) == 0
    assert exposure_gini(np.array([[2], [2]]), 4) == 0.75


def test_novelty_by_hand_agrees():
    # 4 users; rated by 4, 1 and 0 of them: 0, 2 and (as if once) 2 bits
    popularity = np.array([4, 1, 0])
    assert novelty(np.array([[0, 1], [2, -1]]), popularity, 4) == pytest.approx((0 + 2 + 2) / 3)
    assert novelty(np.array([[1]]), np.array([0, 3]), 8) == pytest.approx(-math.log2(3 / 8))


def test_popularity_bias_by_hand_agrees():
    # 10 ratings: 1, 2, 2, 5. Below + half of the equal ones: 0.05, 0.1 + 0.2, 0.3, 0.5 + 0.25
    popularity = np.array([2, 5, 1, 2])
    shares = [popularity_bias(np.array([[item]]), popularity) for item in range(4)]
    assert shares == pytest.approx([0.3, 0.75, 0.05, 0.3])
    assert popularity_bias(np.array([[1, 2], [1, -1]]), popularity) == pytest.approx((0.75 + 0.05 + 0.75) / 3)


def test_popularity_bias_movies_shown_as_often_as_rated_is_one_half():
    popularity = np.random.default_rng(1).integers(0, 9, 50)
    lists = np.repeat(np.arange(50), popularity)[:, None]
    assert popularity_bias(lists, popularity) == pytest.approx(0.5)


def test_popularity_bias_no_rating_at_all_is_nan():
    assert math.isnan(popularity_bias(LISTS, np.zeros(4, dtype=np.int64)))


GENRES = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 0]], dtype=np.bool_)


@pytest.mark.parametrize(
    ("movies", "expected"),
    [
        ([0, 3], 0.0),  # same genres
        ([0, 2], 1.0),  # none shared
        ([0, 1], 1 - 1 / math.sqrt(2)),
        ([0, 1, 2], 1 - (1 / math.sqrt(2) + 0 + 1 / 2) / 3),
        ([0, 4, 3], 0.0),  # a movie without genres is left out
        ([0, -1, 2], 1.0),  # so is padding
    ],
)
def test_intra_list_diversity_by_hand_agrees(movies, expected):
    assert intra_list_diversity(np.array([movies]), GENRES) == pytest.approx(expected, abs=1e-12)


def test_intra_list_diversity_lists_without_a_pair_are_left_out():
    assert intra_list_diversity(np.array([[0, 2], [0, 4], [4, -1]]), GENRES) == pytest.approx(1.0)
    assert math.isnan(intra_list_diversity(np.array([[0, 4], [4, -1]]), GENRES))


def test_intra_list_diversity_random_lists_equal_the_sum_over_pairs():
    rng = np.random.default_rng(2)
    genres = rng.random((30, 6)) < 0.4
    genres[:, 0] |= ~genres.any(axis=1)
    lists = rng.permuted(np.tile(np.arange(30), (15, 1)), axis=1)[:, :7]
    unit = genres / np.linalg.norm(genres, axis=1, keepdims=True)
    pairs = [unit[a] @ unit[b] for row in lists for number, a in enumerate(row) for b in row[:number]]
    assert intra_list_diversity(lists, genres) == pytest.approx(1 - np.mean(pairs))


@pytest.mark.parametrize(
    "metric",
    [
        lambda lists: exposure_gini(lists, 3),
        lambda lists: novelty(lists, np.array([1, 2, 3]), 4),
        lambda lists: popularity_bias(lists, np.array([1, 2, 3])),
        lambda lists: intra_list_diversity(lists, GENRES),
    ],
)
def test_metric_nothing_shown_is_nan(metric):
    assert math.isnan(metric(NOTHING))
