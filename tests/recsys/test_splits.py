import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.errors import DataError
from recsys.splits import SplitParams, held_out, split

STRATEGIES = ("random", "hash", "temporal", "leave-last-out")


def dataset_of(rows):
    """Return a dataset of rows (user id, movie id, timestamp)."""
    users, movies, times = np.array(rows, dtype=np.int64).T
    movie_ids = np.unique(movies)
    n_items = len(movie_ids)
    catalog = Catalog(
        movie_ids=movie_ids,
        titles=tuple(f"Movie {movie_id}" for movie_id in movie_ids),
        years=np.zeros(n_items, dtype=np.int32),
        genres=np.zeros((n_items, 1), dtype=np.bool_),
        genre_names=("Drama",),
        imdb_urls=("",) * n_items,
    )
    ratings = np.full(len(users), 4, dtype=np.float32)
    return Dataset.from_ratings("tiny", catalog, user_ids=users, movie_ids=movies, ratings=ratings, timestamps=times)


def pairs_of(dataset):
    users = dataset.user_ids[dataset.user_indices]
    movies = dataset.catalog.movie_ids[dataset.item_indices]
    return set(zip(users.tolist(), movies.tolist(), strict=True))


def full(n_users, n_items):
    return dataset_of([(user, movie, user * 100 + movie) for user in range(n_users) for movie in range(n_items)])


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(rows=st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=12), data=st.data())
def test_split_any_strategy_partitions_the_ratings(strategy, rows, data):
    times = data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    dataset = dataset_of([(*row, time) for row, time in zip(sorted(rows), times, strict=True)])
    params = SplitParams(strategy=strategy, holdout_ratio=0.5)
    if strategy == "hash" and np.count_nonzero(held_out(dataset, params)) in (0, len(rows)):
        with pytest.raises(DataError, match="part empty"):  # each rating falls by itself, of a dozen all to one side
            split(dataset, params)
        return
    parts = split(dataset, params)
    assert pairs_of(parts.train) | pairs_of(parts.holdout) == rows
    assert not pairs_of(parts.train) & pairs_of(parts.holdout)
    assert parts.train.user_items.shape == parts.holdout.user_items.shape == dataset.user_items.shape


def test_split_random_takes_the_share_of_each_movie():
    dataset = dataset_of([(user, movie, 0) for movie in range(1, 13) for user in range(movie)])
    parts = split(dataset, SplitParams(holdout_ratio=0.25))
    # round(0.75 n), halves to the even number: 1.5 -> 2, 4.5 -> 4, 7.5 -> 8
    assert parts.train.popularity.tolist() == [1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 8, 9]
    assert (parts.train.popularity + parts.holdout.popularity).tolist() == list(range(1, 13))


def test_split_random_same_seed_repeats_and_other_seed_differs():
    first, again = (split(full(8, 8), SplitParams(seed=7)) for _ in range(2))
    other = split(full(8, 8), SplitParams(seed=8))
    assert pairs_of(first.holdout) == pairs_of(again.holdout)
    assert pairs_of(first.holdout) != pairs_of(other.holdout)


def test_split_random_file_order_does_not_matter():
    rows = [(user, movie, 0) for user in range(6) for movie in range(6)]
    forward, backward = (split(dataset_of(order), SplitParams()) for order in (rows, rows[::-1]))
    assert pairs_of(forward.holdout) == pairs_of(backward.holdout)


def test_split_random_holds_out_no_fixed_corner():
    held_out = np.zeros((8, 8))
    for seed in range(60):
        held_out += split(full(8, 8), SplitParams(seed=seed)).holdout.user_items.toarray() > 0
    # 15 expected in each cell, standard deviation 3.4
    assert held_out.min() > 0
    assert held_out.max() < 35


def test_split_hash_takes_about_the_share():
    parts = split(full(100, 100), SplitParams(strategy="hash", holdout_ratio=0.3))
    # 3,000 expected of 10,000, standard deviation 46; the same in every run
    assert abs(parts.holdout.n_ratings - 3000) < 150
    assert np.abs(parts.holdout.popularity - 30).max() < 20


def test_split_hash_another_seed_takes_others():
    first, other = (pairs_of(split(full(30, 30), SplitParams(strategy="hash", seed=seed)).holdout) for seed in (1, 2))
    # A quarter of a quarter of 900 is 56.
    assert 30 < len(first & other) < 85


def test_split_hash_a_rating_falls_on_the_same_side_whatever_else_there_is():
    rows = [(user, movie, 0) for user in range(5, 25) for movie in range(7, 27)]
    some = [row for number, row in enumerate(rows) if number % 3]
    params = SplitParams(strategy="hash")
    assert pairs_of(split(dataset_of(some), params).holdout) == pairs_of(split(dataset_of(rows), params).holdout) & {
        row[:2] for row in some
    }


def test_split_temporal_holds_out_the_latest_ratings():
    dataset = dataset_of([(1, 1, 50), (1, 2, 10), (2, 1, 40), (2, 3, 20), (3, 2, 30), (3, 3, 60), (4, 1, 5), (4, 2, 6)])
    parts = split(dataset, SplitParams(strategy="temporal", holdout_ratio=0.25))
    assert pairs_of(parts.holdout) == {(1, 1), (3, 3)}


def test_split_temporal_ties_go_by_user_then_movie():
    dataset = dataset_of([(2, 2, 9), (1, 2, 9), (2, 1, 9), (1, 1, 9)])
    parts = split(dataset, SplitParams(strategy="temporal", holdout_ratio=0.25))
    assert pairs_of(parts.holdout) == {(2, 2)}


def test_split_temporal_late_user_stays_as_cold_user():
    dataset = dataset_of([(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 1, 9)])
    parts = split(dataset, SplitParams(strategy="temporal", holdout_ratio=0.25))
    assert pairs_of(parts.holdout) == {(2, 1)}
    assert parts.train.user_ids.tolist() == [1, 2]
    assert parts.train.user_items[[1]].nnz == 0


def test_split_leave_last_out_takes_the_last_of_each_user():
    dataset = dataset_of([(1, 1, 30), (1, 2, 10), (1, 3, 20), (2, 1, 5), (2, 3, 6)])
    parts = split(dataset, SplitParams(strategy="leave-last-out"))
    assert pairs_of(parts.holdout) == {(1, 1), (2, 3)}


def test_split_leave_last_out_tie_takes_the_highest_movie_id():
    dataset = dataset_of([(1, 7, 10), (1, 3, 10), (1, 9, 9)])
    assert pairs_of(split(dataset, SplitParams(strategy="leave-last-out")).holdout) == {(1, 7)}


def test_split_leave_last_out_single_rating_stays_in_train():
    dataset = dataset_of([(1, 1, 1), (2, 1, 1), (2, 2, 2)])
    parts = split(dataset, SplitParams(strategy="leave-last-out"))
    assert pairs_of(parts.holdout) == {(2, 2)}
    assert pairs_of(parts.train) == {(1, 1), (2, 1)}


@pytest.mark.parametrize(
    ("params", "remedy"),
    [
        ({"strategy": "random"}, r"holdout part empty.*raise holdout_ratio \(now 0\.25\)"),
        ({"strategy": "random", "holdout_ratio": 0.9}, r"training part empty.*lower holdout_ratio \(now 0\.9\)"),
        ({"strategy": "temporal", "holdout_ratio": 0.1}, "holdout part empty.*raise holdout_ratio"),
        ({"strategy": "temporal", "holdout_ratio": 0.9}, "training part empty.*lower holdout_ratio"),
        ({"strategy": "leave-last-out"}, "holdout part empty.*user with at least two ratings"),
    ],
)
def test_split_empty_part_is_an_error_with_a_remedy(params, remedy):
    dataset = dataset_of([(1, 1, 1), (2, 2, 2)])
    with pytest.raises(DataError, match=remedy):
        split(dataset, SplitParams(**params))


@pytest.mark.parametrize(
    "wrong", [{"holdout_ratio": 0}, {"holdout_ratio": 1}, {"seed": -1}, {"strategy": "user"}, {"ratio": 0.2}]
)
def test_split_params_out_of_range_or_unknown_are_refused(wrong):
    with pytest.raises(ValidationError):
        SplitParams(**wrong)
