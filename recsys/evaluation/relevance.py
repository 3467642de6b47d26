"""The second meaning of relevant, and of whom a mean is taken: liked beside rated, users with a history beside all.

Whoever has rated a movie has chosen to watch it: that is what the metrics without a suffix count. Whether it was liked
is another question. A cut in time leaves users without a history: they get popular movies and say nothing of a method.
"""

import numpy as np

from recsys.evaluation.ranking import RANKING_METRICS, find_hits
from recsys.evaluation.report import HEADLINE_CUTOFF, Evaluation
from recsys.splits import Split

LIKED_STARS = 4.0
"""From so many stars on a movie was liked."""
WITH_HISTORY = "_with_history"
"""Ends the names of means over the users who have a rating in train."""
METRICS = ("ndcg", "recall", "hit_rate")


def relevance_metrics(evaluation: Evaluation, parts: Split) -> dict[str, float]:
    """Return ``ndcg_liked_at_10``, ``ndcg_at_10_with_history``, ``ndcg_liked_at_10_with_history``, and their like.

    NaN where there is no such user. The lists are those of the evaluation, so that nothing is scored twice.
    """
    users = evaluation.user_indices
    has_history = np.bincount(parts.train.user_indices, minlength=parts.train.n_users)[users] > 0
    found: dict[str, float] = {"users_with_history": float(np.count_nonzero(has_history))}
    for label, relevant in (("", parts.holdout), ("_liked", parts.holdout.part(parts.holdout.ratings >= LIKED_STARS))):
        n_relevant = np.bincount(relevant.user_indices, minlength=relevant.n_users)[users]
        hits = find_hits(relevant, users, evaluation.item_indices)
        for name in METRICS:
            values = RANKING_METRICS[name](hits, n_relevant, HEADLINE_CUTOFF)
            key = f"{name}{label}_at_{HEADLINE_CUTOFF}"
            counted = n_relevant > 0
            found[key] = _mean(values[counted])
            found[key + WITH_HISTORY] = _mean(values[counted & has_history])
    return found


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
