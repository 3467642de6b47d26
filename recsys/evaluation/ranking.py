"""Ranking metrics with binary relevance, one value a user.

Every function takes the same three arguments:

hits
    bool, (n_users, n_ranks): whether the movie at this rank (best first) is relevant; False where a list is shorter.
n_relevant
    int, (n_users,): how many movies are relevant to the user, found or not.
top_k
    The cut-off: only the first `top_k` ranks count. Lists shorter than it are taken as they are.

and returns float64, (n_users,). A user without a relevant movie gets NaN: nothing could be found, so such users are
left out of means. No user gives an empty array.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset

Hits = NDArray[np.bool_]
Counts = NDArray[np.int64]
PerUser = NDArray[np.float64]


def find_hits(relevant: Dataset, user_indices: Counts, item_indices: Counts) -> Hits:
    """Return which listed movies are relevant, bool, (n_lists, n_ranks).

    Parameters
    ----------
    relevant
        The ratings that count as relevant.
    user_indices
        int64, (n_lists,), whose lists these are.
    item_indices
        int64, (n_lists, n_ranks), the lists; -1 is no movie and never a hit.
    """
    if relevant.n_ratings == 0:
        return np.zeros(item_indices.shape, dtype=np.bool_)
    # Datasets are sorted by user, then by item, so these keys ascend.
    known = relevant.user_indices.astype(np.int64) * relevant.n_items + relevant.item_indices
    asked = user_indices[:, np.newaxis] * relevant.n_items + item_indices
    nearest = np.searchsorted(known, asked).clip(max=len(known) - 1)
    # A padded -1 would be the last movie of the user before.
    hits: Hits = (known[nearest] == asked) & (item_indices >= 0)
    return hits


def ndcg(hits: Hits, n_relevant: Counts, top_k: int) -> PerUser:
    """Return the normalized discounted cumulative gain of each user.

    ``DCG = sum over ranks r of hit(r) / log2(r + 1)``, divided by the DCG of a list that has the user's relevant
    movies on top: ``min(top_k, n_relevant)`` of them. Järvelin & Kekäläinen 2002, DOI 10.1145/582415.582418.
    """
    discounts = 1 / np.log2(np.arange(2, top_k + 2))
    shown = hits[:, :top_k]
    ideal = np.concatenate(([0.0], np.cumsum(discounts)))[np.minimum(n_relevant, top_k)]
    return _ratio(shown @ discounts[: shown.shape[1]], ideal)


def average_precision(hits: Hits, n_relevant: Counts, top_k: int) -> PerUser:
    """Return the average precision of each user, whose mean is MAP.

    ``sum over ranks r of precision(r) * hit(r)``, divided by ``n_relevant``, as in trec_eval's ``map_cut`` and in the
    Microsoft Recommenders benchmark; so a user with more than `top_k` relevant movies cannot reach 1. Others divide
    by ``min(top_k, n_relevant)``: their values are higher and do not compare with these.
    Buckley & Voorhees 2000, DOI 10.1145/345508.345543.
    """
    shown = hits[:, :top_k]
    precision_at_rank = np.cumsum(shown, axis=1) / np.arange(1, shown.shape[1] + 1)
    return _ratio((precision_at_rank * shown).sum(axis=1), n_relevant)


def precision(hits: Hits, n_relevant: Counts, top_k: int) -> PerUser:
    """Return the share of the `top_k` ranks that hold a relevant movie; empty ranks count as misses.

    Herlocker et al. 2004, DOI 10.1145/963770.963772.
    """
    n_hits = hits[:, :top_k].sum(axis=1)
    return _ratio(n_hits, np.where(n_relevant > 0, top_k, 0))


def recall(hits: Hits, n_relevant: Counts, top_k: int) -> PerUser:
    """Return the share of a user's relevant movies found in the first `top_k` ranks.

    Herlocker et al. 2004, DOI 10.1145/963770.963772.
    """
    return _ratio(hits[:, :top_k].sum(axis=1), n_relevant)


def hit_rate(hits: Hits, n_relevant: Counts, top_k: int) -> PerUser:
    """Return 1 for each user with at least one relevant movie in the first `top_k` ranks, else 0.

    Deshpande & Karypis 2004, DOI 10.1145/963770.963776.
    """
    n_hits = hits[:, :top_k].sum(axis=1)
    return _ratio(n_hits > 0, n_relevant > 0)


def reciprocal_rank(hits: Hits, n_relevant: Counts, top_k: int) -> PerUser:
    """Return 1 / rank of each user's first relevant movie, 0 when none is in the first `top_k` ranks; its mean is MRR.

    Voorhees 1999, "The TREC-8 Question Answering Track Report".
    """
    ranks = np.arange(1, hits[:, :top_k].shape[1] + 1)
    return _ratio((hits[:, :top_k] / ranks).max(axis=1, initial=0.0), n_relevant > 0)


RankingMetric = Callable[[Hits, Counts, int], PerUser]
RANKING_METRICS: dict[str, RankingMetric] = {
    "ndcg": ndcg,
    "map": average_precision,
    "precision": precision,
    "recall": recall,
    "hit_rate": hit_rate,
    "mrr": reciprocal_rank,
}
"""The metrics by the names that runs record them under, ``<name>_at_<top_k>``."""


def _ratio(numerators: NDArray[np.generic], denominators: NDArray[np.generic]) -> PerUser:
    """Return the quotients, float64, NaN where the denominator is 0."""
    quotients = np.full(len(numerators), np.nan)
    np.divide(numerators, denominators, out=quotients, where=denominators != 0)
    return quotients
