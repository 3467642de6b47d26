"""The second meaning of relevant, and of whom a mean is taken: liked beside rated, users with a history beside all.

Whoever has rated a movie has chosen to watch it: that is what the metrics without a suffix count. Whether it was liked
is another question. A cut in time leaves users without a history: they get popular movies and say nothing of a method.
"""

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.judged import HEADLINE_CUTOFF
from recsys.evaluation.ranking import RANKING_METRICS
from recsys.evaluation.report import Evaluation

WITH_HISTORY = "_with_history"
"""Ends the names of means over the users who have a rating in train."""
METRICS = ("ndcg", "recall", "hit_rate")


def relevance_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Return ``ndcg_liked_at_10``, ``ndcg_at_10_with_history``, ``ndcg_liked_at_10_with_history``, and their like.

    NaN where there is no such user. The lists are those of the evaluation, so that nothing is scored twice.
    """
    judged = evaluation.judged
    has_history = judged.activity > 0
    found: dict[str, float] = {"users_with_history": float(np.count_nonzero(has_history))}
    kinds = (("", judged.hits, judged.n_relevant), ("_liked", judged.liked_hits, judged.n_liked))
    for label, hits, n_relevant in kinds:
        for name in METRICS:
            values = RANKING_METRICS[name](hits, n_relevant, HEADLINE_CUTOFF)
            key = f"{name}{label}_at_{HEADLINE_CUTOFF}"
            counted = n_relevant > 0
            found[key] = _mean(values[counted])
            found[key + WITH_HISTORY] = _mean(values[counted & has_history])
    return found


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
