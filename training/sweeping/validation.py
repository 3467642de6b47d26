"""Judging parameters without a look at the holdout: on validation parts carved out of the training part."""

from collections.abc import Iterator

import numpy as np

from recsys.data.dataset import Dataset
from recsys.evaluation.ranking import find_hits, ndcg
from recsys.evaluation.report import sampled_users
from recsys.evaluation.scorer import Scorer, score_blocks
from recsys.fitting import Recipe
from recsys.scorers import scorer_of
from recsys.splits import Split, SplitParams, split
from recsys.top_k import top_items

TOP_K = 10
MAX_USERS = 20_000
"""Of more users a fixed sample judges: it tells the nDCG of all to 0.0013, and is the same in every trial."""
_SCORES_AT_ONCE = 4_000_000


def validation_parts(train: Dataset, params: SplitParams, n_folds: int) -> tuple[Split, ...]:
    """Return splits of a training part, of the same kind as the split that it comes from.

    Those that draw or hash differ in their seeds; the others know no chance, so there is one of them.
    """
    seeds = range(params.seed + 1, params.seed + 1 + (n_folds if params.strategy in ("random", "hash") else 1))
    return tuple(split(train, params.model_copy(update={"seed": seed})) for seed in seeds)


def fold_values(recipe: Recipe, folds: tuple[Split, ...]) -> Iterator[float]:
    """Yield the mean nDCG@10 of a recipe on each fold, one after the other."""
    for fold in folds:
        yield mean_ndcg(scorer_of(recipe.recommender(fold.train)), fold)


def mean_ndcg(scorer: Scorer, parts: Split) -> float:
    """Return the mean nDCG@10 over the users with a held-out rating, as `evaluate` gives it; of many, a sample."""
    n_relevant = np.bincount(parts.holdout.user_indices, minlength=parts.holdout.n_users)
    users = sampled_users(np.flatnonzero(n_relevant), parts.holdout.user_ids, MAX_USERS)
    block_size = max(1, _SCORES_AT_ONCE // parts.train.n_items)
    values = np.empty(len(users))
    for rows, scores in score_blocks(scorer, parts.train.user_items, users, block_size=block_size):
        shown = top_items(scores, TOP_K).item_indices
        hits = find_hits(parts.holdout, users[rows], shown)
        values[rows] = ndcg(hits, n_relevant[users[rows]], TOP_K)
    return float(values.mean())
