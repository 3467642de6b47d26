import csv
import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.errors import DataError, ParameterError
from recsys.evaluation.ranking import RANKING_METRICS
from recsys.evaluation.report import evaluate, sampled_users
from recsys.evaluation.scorer import PopularityScorer
from recsys.splits import Split

SHARED = Path(__file__).parents[4] / "shared"
LEADERBOARD = SHARED / "benchmark" / "leaderboard.py"
ML_100K = SHARED / "data" / "ml-100k"

#        movies  0  1  2  3  4
TRAIN = np.array([[5, 0, 0, 0, 0], [0, 4, 3, 0, 0], [3, 3, 3, 0, 0], [0, 0, 0, 0, 0]])
HOLDOUT = np.array([[0, 0, 2, 0, 4], [3, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 5, 0, 0, 0]])
# Rows are named by the number of ratings in train: user 3, 0, 1, 2 in this order.
TABLE = [[9, 8, 7, 6, 5], [9, 2, 3, 8, 4], [6, 9, 9, 7, 1], [0, 0, 0, 0, 0]]
# So the lists: user 0: 3 4 2 1, user 1: 3 0 4, user 3: 0 1 2 3 4; user 2 has nothing held out.


@pytest.fixture
def split(split_of):
    return split_of(TRAIN, HOLDOUT, genres=[[1, 0], [1, 0], [0, 1], [0, 1], [0, 0]])


def test_evaluate_by_hand_agrees(split, table_scorer):
    found = evaluate(table_scorer(TABLE), split, cutoffs=(2,))
    assert found.user_indices.tolist() == [0, 1, 3]
    assert found.item_indices[:, :6].tolist() == [[3, 4, 2, 1, -1, -1], [3, 0, 4, -1, -1, -1], [0, 1, 2, 3, 4, -1]]
    assert found.item_indices.shape == (3, 10)
    second = 1 / math.log2(3)
    expected = {
        "ndcg_at_2": (second / (1 + second) + second + second) / 3,
        "map_at_2": (0.5 / 2 + 0.5 + 0.5) / 3,
        "precision_at_2": 0.5,
        "recall_at_2": (0.5 + 1 + 1) / 3,
        "hit_rate_at_2": 1,
        "mrr_at_2": 0.5,
        "coverage_at_2": 4 / 5,  # 3 4, 3 0, 0 1
        "gini_at_2": (-2 * 1 + 0 * 1 + 2 * 2 + 4 * 2) / (5 * 6),  # exposures 0 1 1 2 2
        # Rated in train by 2, 2, 2, 0, 0 of the 3 users that rate anything there.
        "novelty_at_2": (3 * math.log2(3) + 3 * math.log2(3 / 2)) / 6,
        "diversity_at_2": (1 + 0) / 2,  # 3 4 has no pair, since 4 has no genre
        "popularity_bias_at_2": (3 * 0 + 3 * 0.5) / 6,
    }
    assert found.metrics == pytest.approx(expected)


def test_evaluate_user_ndcg_is_at_ten_whatever_the_cut_offs(split, table_scorer):
    found = evaluate(table_scorer(TABLE), split, cutoffs=(1, 10))
    second, third = 1 / math.log2(3), 1 / 2
    assert found.user_ndcg_at_10 == pytest.approx([(second + third) / (1 + second), second, second])
    assert found.metrics["ndcg_at_10"] == pytest.approx(found.user_ndcg_at_10.mean())
    assert found.metrics["ndcg_at_1"] == 0


def test_evaluate_relevant_stars_leaves_out_lower_ratings_and_users(split, table_scorer):
    found = evaluate(table_scorer(TABLE), split, cutoffs=(2,), relevant_stars=4)
    assert found.user_indices.tolist() == [0, 3]
    assert found.metrics["recall_at_2"] == 1


def test_evaluate_seen_movies_never_come_back(split):
    found = evaluate(PopularityScorer(split.train.popularity), split)
    for user, items in zip(found.user_indices, found.item_indices, strict=True):
        shown = items[items >= 0]
        assert np.all(TRAIN[user, shown] == 0)
        assert len(shown) == np.count_nonzero(TRAIN[user] == 0)


@pytest.mark.parametrize("block_size", [1, 2])
def test_evaluate_small_blocks_equal_one_block(split, table_scorer, block_size):
    at_once = evaluate(table_scorer(TABLE), split)
    in_blocks = evaluate(table_scorer(TABLE), split, block_size=block_size)
    assert np.array_equal(in_blocks.item_indices, at_once.item_indices)
    assert in_blocks.metrics == at_once.metrics
    assert [str(part) for part in in_blocks.slices] == [str(part) for part in at_once.slices]


def test_evaluate_slices_cover_all_users_and_all_relevant_ratings(split, table_scorer):
    slices = evaluate(table_scorer(TABLE), split).slices
    users = [part for part in slices if part.by == "user activity"]
    movies = [part for part in slices if part.by == "movie popularity"]
    assert [part.n_members for part in users] == [1, 2, 0, 0, 0]
    assert [part.n_members for part in movies] == [2, 3, 0, 0]
    assert sum(part.n_relevant for part in users) == sum(part.n_relevant for part in movies) == 4


def test_evaluate_default_cut_offs_name_every_metric(split):
    found = evaluate(PopularityScorer(split.train.popularity), split)
    beyond = ("coverage", "gini", "novelty", "diversity", "popularity_bias")
    expected = {f"{name}_at_{top_k}" for name in (*RANKING_METRICS, *beyond) for top_k in (5, 10, 20)}
    assert set(found.metrics) == expected
    assert all(type(number) is float for number in found.metrics.values())


def test_evaluate_no_relevant_rating_is_an_error(split_of):
    split = split_of([[4, 0]], [[0, 3]])
    with pytest.raises(DataError, match=r"at least 3\.5 stars; lower relevant_stars"):
        evaluate(PopularityScorer(split.train.popularity), split, relevant_stars=3.5)


@pytest.mark.parametrize("options", [{"cutoffs": ()}, {"cutoffs": (0, 5)}, {"block_size": 0}])
def test_evaluate_parameter_out_of_range_is_an_error(split, options):
    with pytest.raises(ParameterError):
        evaluate(PopularityScorer(split.train.popularity), split, **options)


@pytest.fixture(scope="module")
def leaderboard():
    if not LEADERBOARD.exists() or not (ML_100K / "u.data").exists():
        pytest.skip("../shared with the leaderboard script and MovieLens 100K is not here")
    spec = importlib.util.spec_from_file_location("leaderboard", LEADERBOARD)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_split(work, n_items=1682):
    """Return the split that the leaderboard script has written."""
    train = np.loadtxt(work / "train" / "u.data", dtype=np.int64)
    test = np.loadtxt(work / "test.csv", dtype=np.int64, delimiter=",", skiprows=1)
    catalog = Catalog(
        movie_ids=np.arange(1, n_items + 1),
        titles=("",) * n_items,
        years=np.zeros(n_items, dtype=np.int32),
        genres=np.zeros((n_items, 0), dtype=np.bool_),
        genre_names=(),
        imdb_urls=("",) * n_items,
    )
    users, movies, stars, times = np.vstack((train, test)).T
    dataset = Dataset.from_ratings(
        "ml-100k", catalog, user_ids=users, movie_ids=movies, ratings=stars.astype(np.float32), timestamps=times
    )
    held_out = np.zeros((dataset.n_users + 1, n_items + 1), dtype=np.bool_)
    held_out[test[:, 0], test[:, 1]] = True
    chosen = held_out[dataset.user_ids[dataset.user_indices], dataset.item_indices + 1]
    return Split(train=dataset.part(~chosen), holdout=dataset.part(chosen))


def test_evaluate_popularity_on_movielens_equals_the_leaderboard_script(leaderboard, tmp_path):
    leaderboard.split(ML_100K, 42, tmp_path)
    split = read_split(tmp_path)
    found = evaluate(PopularityScorer(split.train.popularity), split)
    with (tmp_path / "recs.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("user_id", "movie_id", "rank"))
        for user, items in zip(found.user_indices, found.item_indices, strict=True):
            writer.writerows((user + 1, item + 1, rank) for rank, item in enumerate(items[:10], start=1))
    theirs = leaderboard.score(tmp_path, tmp_path / "recs.csv")
    names = {"MAP": "map_at_10", "nDCG": "ndcg_at_10", "precision": "precision_at_10", "recall": "recall_at_10"}
    assert {names[name]: number for name, number in theirs.items()} == pytest.approx(
        {name: found.metrics[name] for name in names.values()}, abs=1e-12
    )
    assert found.metrics["ndcg_at_10"] == pytest.approx(0.252, abs=5e-4)


def test_sampled_users_is_fixed_and_mostly_stays_as_users_join():
    ids = np.arange(1000, 3000)
    some = sampled_users(np.arange(1000), ids, 100)
    assert len(some) == 100
    assert np.all(np.diff(some) > 0)
    np.testing.assert_array_equal(some, sampled_users(np.arange(1000), ids, 100))
    more = sampled_users(np.arange(1100), ids, 100)
    assert len(np.intersect1d(some, more)) > 80


def test_evaluate_sample_of_users_equals_evaluating_them_alone(split_of):
    split = split_of([[4, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0]], [[0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 4]])
    scorer = PopularityScorer(np.array([4, 3, 2, 1]))
    everyone, some = evaluate(scorer, split), evaluate(scorer, split, max_users=2)
    assert some.n_users == 2
    chosen = np.isin(everyone.user_indices, some.user_indices)
    assert some.metrics["ndcg_at_10"] == pytest.approx(everyone.user_ndcg_at_10[chosen].mean())
    np.testing.assert_array_equal(some.item_indices, everyone.item_indices[chosen])


def test_evaluate_no_user_is_refused(split_of):
    with pytest.raises(ParameterError, match="max_users must be at least 1, not 0"):
        evaluate(PopularityScorer(np.array([1, 1])), split_of([[4, 0]], [[0, 4]]), max_users=0)
