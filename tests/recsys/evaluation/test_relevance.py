"""Both meanings of relevant, by hand: who liked what, and who had a history."""

import math
from dataclasses import replace

import numpy as np
import pytest

from recsys.data import Dataset
from recsys.evaluation.relevance import relevance_metrics
from recsys.evaluation.report import evaluate
from recsys.evaluation.scorer import PopularityScorer
from recsys.splits import Split, SplitParams, split


@pytest.fixture
def parts(tiny: Dataset) -> Split:
    """Hold out all of users 3 and 4, so that they have no history, and one rating each of 1 (one star) and 2."""
    held_out = (tiny.user_indices >= 2) | ((tiny.user_indices == 0) & (tiny.ratings == 1))
    held_out |= (tiny.user_indices == 1) & (tiny.ratings == 5)
    return Split(tiny.part(~held_out), tiny.part(held_out))


def test_relevance_metrics_by_hand(parts: Split) -> None:
    # Train: user 1 rates 10 and 30, user 2 rates 10. Popular: 10 (2), 30 (1), then by id 20, 40, 50, 60.
    evaluation = evaluate(PopularityScorer(parts.train.popularity), parts)
    found = relevance_metrics(evaluation)
    assert found["users_with_history"] == 2
    assert found["ndcg_at_10"] == pytest.approx(evaluation.metrics["ndcg_at_10"])
    # User 1 gets 20, 40, 50, 60 and has held out 40 with one star; user 2 gets 30 first, which was liked.
    assert found["ndcg_at_10_with_history"] == pytest.approx((1 / math.log2(3) + 1) / 2)
    assert found["ndcg_liked_at_10_with_history"] == 1.0
    # User 3 gets 10, 30, 20, 40, 50, 60 and liked 40 and 50; user 4 liked 50 only.
    ideal = 1 + 1 / math.log2(3)
    third = (1 / math.log2(5) + 1 / math.log2(6)) / ideal
    assert found["ndcg_liked_at_10"] == pytest.approx((1.0 + third + 1 / math.log2(6)) / 3)
    assert (found["hit_rate_liked_at_10"], found["recall_liked_at_10"]) == (1.0, 1.0)


def test_relevance_metrics_nobody_liked_anything_is_not_a_number(parts: Split) -> None:
    disliked = replace(parts.holdout, ratings=np.ones_like(parts.holdout.ratings))
    hated = Split(parts.train, disliked)
    found = relevance_metrics(evaluate(PopularityScorer(parts.train.popularity), hated))
    assert math.isnan(found["ndcg_liked_at_10"])
    assert found["ndcg_at_10"] > 0


def test_relevance_metrics_without_cold_users_both_means_agree(movielens: Dataset) -> None:
    parts = split(movielens, SplitParams())
    found = relevance_metrics(evaluate(PopularityScorer(parts.train.popularity), parts))
    assert found["ndcg_at_10"] == pytest.approx(found["ndcg_at_10_with_history"], abs=0.01)
    assert found["ndcg_liked_at_10"] < found["ndcg_at_10"]
