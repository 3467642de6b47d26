import numpy as np
import pytest

from recsys.evaluation.scorer import PopularityScorer, score_blocks
from recsys.scorers import PopularFallback

TRAIN = [[4, 0, 0, 0], [0, 5, 3, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
HOLDOUT = [[0, 4, 0, 0], [0, 0, 0, 4], [4, 0, 0, 0], [0, 0, 4, 0]]


class RecordingScorer:
    def __init__(self):
        self.histories = []

    def scores(self, histories):
        self.histories.append(histories.toarray().tolist())
        return histories.toarray() * 10


def test_popularity_scorer_every_row_is_the_number_of_ratings(split_of):
    train = split_of(TRAIN, HOLDOUT).train
    scores = PopularityScorer(train.popularity).scores(train.user_items)
    assert scores.dtype == np.float32
    assert scores.tolist() == [[2, 1, 1, 0]] * 4


def test_popular_fallback_silent_row_gets_popular_movies_and_others_their_own(split_of):
    train = split_of(TRAIN, HOLDOUT).train
    scores = PopularFallback(RecordingScorer(), train.popularity).scores(train.user_items)
    assert scores.tolist() == [[40, 0, 0, 0], [0, 50, 30, 0], [2, 1, 1, 0], [10, 0, 0, 0]]
    assert scores.dtype == np.float32


@pytest.mark.parametrize("block_size", [1, 2, 3, 99])
def test_score_blocks_any_size_covers_the_users_in_order(split_of, block_size):
    user_items = split_of(TRAIN, HOLDOUT).train.user_items
    scorer = RecordingScorer()
    blocks = list(score_blocks(scorer, user_items, np.array([0, 1, 3]), block_size=block_size))
    assert [row for block in scorer.histories for row in block] == [TRAIN[0], TRAIN[1], TRAIN[3]]
    assert max(len(block) for block in scorer.histories) <= block_size
    assert [number for rows, _ in blocks for number in range(rows.start, rows.stop)] == [0, 1, 2]
    inf = np.inf
    assert np.vstack([scores for _, scores in blocks]).tolist() == [
        [-inf, 0, 0, 0],
        [0, -inf, -inf, 0],
        [-inf, 0, 0, 0],
    ]
