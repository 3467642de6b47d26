import math

import numpy as np
import pytest
import pytrec_eval

from recsys.evaluation.ranking import RANKING_METRICS, find_hits

TREC_NAMES = {"ndcg": "ndcg_cut", "map": "map_cut", "precision": "P", "recall": "recall", "hit_rate": "success"}

# Ranks 1 and 3 of four hold a relevant movie.
HITS = np.array([[True, False, True, False]])
LOG = [math.log2(rank + 1) for rank in range(1, 5)]


def value(name, n_relevant, top_k, hits=HITS):
    (result,) = RANKING_METRICS[name](hits, np.array([n_relevant]), top_k)
    return result


@pytest.mark.parametrize(
    ("name", "n_relevant", "top_k", "expected"),
    [
        ("ndcg", 2, 4, (1 / LOG[0] + 1 / LOG[2]) / (1 / LOG[0] + 1 / LOG[1])),
        ("ndcg", 9, 4, (1 / LOG[0] + 1 / LOG[2]) / sum(1 / log for log in LOG)),
        ("ndcg", 2, 1, 1.0),
        ("map", 2, 4, (1 / 1 + 2 / 3) / 2),
        ("map", 9, 4, (1 / 1 + 2 / 3) / 9),
        ("map", 9, 2, 1 / 9),
        ("precision", 9, 4, 2 / 4),
        ("precision", 9, 2, 1 / 2),
        ("recall", 5, 4, 2 / 5),
        ("recall", 5, 2, 1 / 5),
        ("hit_rate", 5, 4, 1.0),
        ("mrr", 5, 4, 1.0),
    ],
)
def test_metric_worked_out_by_hand_agrees(name, n_relevant, top_k, expected):
    assert value(name, n_relevant, top_k) == pytest.approx(expected, abs=1e-12)


def test_mrr_first_hit_at_rank_three_is_a_third():
    hits = np.array([[False, False, True, True]])
    assert value("mrr", 2, 4, hits) == pytest.approx(1 / 3)
    assert value("mrr", 2, 2, hits) == 0


@pytest.mark.parametrize("name", RANKING_METRICS)
def test_metric_no_hit_is_zero(name):
    assert value(name, 3, 4, np.zeros((1, 4), dtype=np.bool_)) == 0


@pytest.mark.parametrize("name", RANKING_METRICS)
def test_metric_no_relevant_movie_is_nan(name):
    result = RANKING_METRICS[name](np.vstack((HITS[0], HITS[0] & False)), np.array([2, 0]), 4)
    assert np.isnan(result).tolist() == [False, True]


@pytest.mark.parametrize("name", RANKING_METRICS)
def test_metric_no_user_is_an_empty_array(name):
    result = RANKING_METRICS[name](np.zeros((0, 4), dtype=np.bool_), np.zeros(0, dtype=np.int64), 4)
    assert result.shape == (0,)


@pytest.mark.parametrize("name", ["ndcg", "map", "recall", "hit_rate", "mrr"])
def test_metric_list_shorter_than_cut_off_equals_padded_list(name):
    padded = np.pad(HITS, ((0, 0), (0, 6)))
    assert value(name, 9, 10) == value(name, 9, 10, padded)


def test_precision_list_shorter_than_cut_off_counts_the_missing_ranks():
    assert value("precision", 9, 10) == pytest.approx(0.2)


@pytest.fixture(scope="module")
def random_lists():
    """Return 200 lists of 20 of 60 movies and, for each, a random set of relevant ones."""
    rng = np.random.default_rng(11)
    lists = rng.permuted(np.tile(np.arange(60), (200, 1)), axis=1)[:, :20]
    relevant = rng.random((200, 60)) < rng.random((200, 1)) * 0.5
    relevant[:, 0] |= ~relevant.any(axis=1)
    return lists, relevant


def trec(lists, relevant, measures):
    truth = {str(user): {str(item): 1 for item in np.flatnonzero(row)} for user, row in enumerate(relevant)}
    # Scores differ at every rank, for trec_eval breaks ties by descending document name.
    run = {str(user): {str(item): float(100 - rank) for rank, item in enumerate(row)} for user, row in enumerate(lists)}
    found = pytrec_eval.RelevanceEvaluator(truth, measures).evaluate(run)
    return {name: [found[str(user)][name] for user in range(len(lists))] for name in found["0"]}


@pytest.mark.parametrize("top_k", [5, 10, 20])
@pytest.mark.parametrize("name", TREC_NAMES)
def test_metric_random_lists_equal_trec_eval(name, top_k, random_lists):
    lists, relevant = random_lists
    hits = np.take_along_axis(relevant, lists, axis=1)
    (expected,) = trec(lists, relevant, {f"{TREC_NAMES[name]}.{top_k}"}).values()
    ours = RANKING_METRICS[name](hits, relevant.sum(axis=1), top_k)
    assert ours == pytest.approx(expected, abs=1e-9)
    assert ours.std() > 0


@pytest.mark.parametrize("top_k", [5, 10, 20])
def test_mrr_random_lists_equal_trec_eval(top_k, random_lists):
    lists, relevant = random_lists
    hits = np.take_along_axis(relevant, lists, axis=1)
    (expected,) = trec(lists[:, :top_k], relevant, {"recip_rank"}).values()
    assert RANKING_METRICS["mrr"](hits, relevant.sum(axis=1), top_k) == pytest.approx(expected, abs=1e-9)


def test_find_hits_lists_of_some_users_match_their_own_ratings(split_of):
    holdout = split_of([[4, 0, 0], [4, 0, 0], [4, 0, 0]], [[0, 0, 4], [0, 4, 4], [0, 0, 0]]).holdout
    lists = np.array([[2, 1], [1, 2], [1, 2]])
    assert find_hits(holdout, np.array([0, 1, 2]), lists).tolist() == [[True, False], [True, True], [False, False]]


def test_find_hits_padding_is_no_movie_of_the_user_before(split_of):
    # Key of (user 1, -1) = key of (user 0, last movie), which is relevant.
    holdout = split_of([[4, 0], [4, 0]], [[0, 4], [0, 4]]).holdout
    assert find_hits(holdout, np.array([1]), np.array([[1, -1]])).tolist() == [[True, False]]


def test_find_hits_nothing_relevant_finds_nothing(split_of):
    holdout = split_of([[4, 0]], [[0, 0]]).holdout
    assert find_hits(holdout, np.array([0]), np.array([[1, -1]])).tolist() == [[False, False]]
