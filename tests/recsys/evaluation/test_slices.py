import math

import numpy as np
import pytest

from recsys.evaluation import slices
from recsys.evaluation.rankings import ScoredRanking
from recsys.evaluation.slices import MovieSlices, bin_labels, user_slices


def test_bin_labels_bounds_name_closed_bins_and_an_open_one():
    assert bin_labels((0, 5, 20)) == ["0", "1-5", "6-20", "21+"]


def test_user_slices_by_hand_agree():
    hits = np.array([[True, False], [False, False], [False, True], [False, False]])
    activity = np.array([10, 11, 50, 0])
    found = {part.label: part for part in user_slices(hits, np.array([1, 1, 4, 1]), activity, top_k=2)}
    assert list(found) == ["0", "1-10", "11-50", "51-200", "201+"]
    assert found["1-10"].metrics == {"ndcg": 1, "recall": 1, "hit_rate": 1}
    middle = found["11-50"]
    assert (middle.n_members, middle.n_relevant) == (2, 5)
    second_rank, ideal = 1 / math.log2(3), 1 + 1 / math.log2(3)
    assert middle.metrics == pytest.approx({"ndcg": second_rank / ideal / 2, "recall": 0.25 / 2, "hit_rate": 0.5})
    assert found["0"].metrics == {"ndcg": 0, "recall": 0, "hit_rate": 0}
    assert found["201+"].n_members == 0
    assert all(math.isnan(number) for number in found["201+"].metrics.values())


@pytest.fixture
def movie_slices(split_of):
    """Return slices over two users and six movies, of which 0 and 1 are cold, 2 and 3 rare, 4 and 5 known."""
    split = split_of([[4, 0, 0, 0, 0, 0], [4, 0, 0, 0, 0, 0]], [[0, 4, 0, 4, 4, 0], [0, 4, 0, 0, 0, 0]])
    popularity = np.array([0, 0, 1, 5, 6, 20])
    return MovieSlices(split.holdout, popularity, np.array([0, 1]), 2)


SCORES = np.array([[-np.inf, 3, 9, 2, 8, 7], [-np.inf, 1, 9, 8, 7, 6]], dtype=np.float32)
LISTS = np.array([[2, 4, 5], [2, 3, 1]])


def test_movie_slices_by_hand_agree(movie_slices):
    movie_slices.add(ScoredRanking(slice(0, 2), SCORES))
    found = {part.label: part for part in movie_slices.result(LISTS)}
    assert [(part.n_members, part.n_relevant) for part in found.values()] == [(2, 2), (2, 1), (2, 1), (0, 0)]
    # Cold: movie 1 tops its shelf for both users (0 is seen), but stands in no list of two.
    assert found["0"].metrics == {"recall": 0, "ndcg_within": 1}
    # Rare: movie 3 is second to 2 on the shelf of user 0; user 1 has no relevant one and does not count.
    assert found["1-5"].metrics == pytest.approx({"recall": 0, "ndcg_within": 1 / math.log2(3)})
    assert found["6-20"].metrics == {"recall": 1, "ndcg_within": 1}
    assert all(math.isnan(number) for number in found["21+"].metrics.values())


def test_movie_slices_scores_in_blocks_equal_scores_at_once(movie_slices):
    movie_slices.add(ScoredRanking(slice(0, 2), SCORES))
    at_once = [part.metrics["ndcg_within"] for part in movie_slices.result(LISTS)]
    movie_slices.add(ScoredRanking(slice(0, 2), np.zeros_like(SCORES)))
    movie_slices.add(ScoredRanking(slice(1, 2), SCORES[1:]))
    movie_slices.add(ScoredRanking(slice(0, 1), SCORES[:1]))
    assert [part.metrics["ndcg_within"] for part in movie_slices.result(LISTS)] == pytest.approx(at_once, nan_ok=True)


def test_movie_slices_weighted_recalls_add_up_to_the_hits(movie_slices):
    # Three of four relevant ratings stand in these lists.
    lists = np.array([[1, 3], [1, 2]])
    n_found = [part.metrics["recall"] * part.n_relevant for part in movie_slices.result(lists) if part.n_relevant]
    assert sum(n_found) == 3


def test_movie_slices_of_many_users_are_taken_of_every_so_manyth(movie_slices, monkeypatch):
    monkeypatch.setattr(slices, "RANKED_USERS", 1)
    movie_slices.add(ScoredRanking(slice(0, 2), SCORES))
    found = {part.label: part for part in movie_slices.result(LISTS)}
    # User 0 alone is ranked; recall is of all users as ever.
    assert found["0"].metrics == {"recall": 0, "ndcg_within": 1}
    assert found["6-20"].metrics == {"recall": 1, "ndcg_within": 1}
