"""What is popular lately."""

import numpy as np
import pytest
from builders import make_catalog

from recsys import recency
from recsys.data import Dataset
from recsys.recency import (
    FEW_RATINGS,
    RecentPopularity,
    all_time_popularity,
    apply_factors,
    recent_popularity,
    trend,
)


def dataset_of(n_ratings: int, *, timestamps: np.ndarray) -> Dataset:
    """Return ratings of as many users, the first half for movie 1, the others for movie 2."""
    movie_ids = np.where(np.arange(n_ratings) < n_ratings // 2, 1, 2)
    return Dataset.from_ratings(
        "ratings",
        make_catalog([(1, "A", 0, ""), (2, "B", 0, ""), (3, "C", 0, "")]),
        user_ids=np.arange(n_ratings),
        movie_ids=movie_ids,
        ratings=np.full(n_ratings, 4, np.float32),
        timestamps=timestamps,
    )


def test_recent_popularity_halves_with_a_tenth_of_all_ratings() -> None:
    found = recent_popularity(dataset_of(200, timestamps=np.arange(200)))
    weights = 0.5 ** (np.arange(199, -1, -1) / 20)
    assert found.n_users == pytest.approx(weights.sum())
    assert found.shares.tolist() == pytest.approx(
        [weights[:100].sum() / weights.sum(), weights[100:].sum() / weights.sum(), 0], rel=1e-6
    )
    assert found.shares.dtype == np.float32


def test_recent_popularity_same_times_are_popularity_of_all_time() -> None:
    dataset = dataset_of(200, timestamps=np.zeros(200, np.int64))
    found, ever = recent_popularity(dataset), all_time_popularity(dataset.popularity, 200)
    assert found.shares.tolist() == ever.shares.tolist() == [0.5, 0.5, 0]
    assert found.n_users == ever.n_users == 200


def test_recent_popularity_few_ratings_weigh_alike() -> None:
    n_ratings = FEW_RATINGS - 1
    found = recent_popularity(dataset_of(n_ratings, timestamps=np.arange(n_ratings)))
    assert found.n_users == n_ratings


def test_recent_popularity_user_counts_once_whatever_is_rated(movielens: Dataset) -> None:
    found = recent_popularity(movielens)
    assert 0 <= found.shares.min() <= found.shares.max() <= 1
    assert found.n_users <= movielens.n_users


def test_recent_popularity_no_rating_is_zero(tiny: Dataset) -> None:
    found = recent_popularity(tiny.part(np.zeros(tiny.n_ratings, dtype=bool)))
    assert found.shares.tolist() == [0] * 6
    assert trend(np.zeros(6, np.int64), found).tolist() == [1] * 6


def test_trend_compares_with_the_share_of_all_time() -> None:
    recent = RecentPopularity(np.array([0.6, 0.2, 0], np.float32), 10.0)
    # 8 recent ratings; of all time the movies have 1/4, 3/4 and none.
    assert trend(np.array([10, 30, 0]), recent).tolist() == pytest.approx([7 / 3, 3 / 7, 1])


def test_apply_factors_negative_scores_are_divided() -> None:
    scores = np.array([[2, -2, 0]], np.float32)
    assert apply_factors(scores, np.array([2, 2, 2], np.float32)).tolist() == [[4, -1, 0]]


def test_recent_popularity_of_many_ratings_counts_in_steps(movielens: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = recent_popularity(movielens)
    monkeypatch.setattr(recency, "MAX_MOMENTS", 5000)
    in_steps = recent_popularity(movielens)
    assert in_steps.n_users == pytest.approx(exact.n_users, rel=0.01)
    np.testing.assert_allclose(in_steps.shares, exact.shares, atol=0.005)
    assert not np.array_equal(in_steps.shares, exact.shares)
