"""A scan that ends early gives the lists of the full product."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys import bounded_lists
from recsys.bounded_lists import BoundedLists
from recsys.evaluation.rankings import BoundedRanking, rank_blocks
from recsys.item_factors import FactorItemMatrix, FactorSimilarity
from recsys.item_matrix import DenseItemMatrix
from recsys.scorers import ItemScorer, PopularFallback
from recsys.top_k import mask_seen, top_items

N_ITEMS, RANK = 700, 12


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make scans of these few movies take several steps."""
    monkeypatch.setattr(bounded_lists, "FIRST_MOVIES", 16)


def model(seed: int, factors: np.ndarray | None = None) -> PopularFallback:
    rng = np.random.default_rng(seed)
    lengths = rng.lognormal(0, 1.5, (N_ITEMS, 1))
    vectors = (rng.normal(size=(N_ITEMS, RANK)) * lengths).astype(np.float32)
    vectors[rng.choice(N_ITEMS, 40)] = vectors[3]  # movies alike in everything
    vectors[rng.choice(N_ITEMS, 30)] = 0
    weights = FactorItemMatrix.of(vectors, rng.lognormal(0, 0.3, N_ITEMS).astype(np.float32))
    similarity = FactorSimilarity(vectors / (1 + np.abs(vectors).max()), np.zeros((N_ITEMS, 0), np.float32))
    return PopularFallback(ItemScorer(weights, factors=factors), rng.random(N_ITEMS).astype(np.float32), similarity)


def histories(seed: int, n_users: int = 60) -> sp.csr_array:
    """Return users with nothing, with dislikes alone, with much, and with anything between."""
    rng = np.random.default_rng(seed)
    stars = np.zeros((n_users, N_ITEMS), np.float32)
    for row in range(n_users):
        n_rated = int(rng.choice([0, 1, 3, 20, 200, N_ITEMS - 3]))
        values = [0.5, 1.0] if row % 7 == 0 else [0.5, 1.5, 3.0, 4.0, 5.0]
        stars[row, rng.choice(N_ITEMS, n_rated, replace=False)] = rng.choice(values, n_rated)
    return sp.csr_array(stars)


def full_product(scorer: PopularFallback, asked: sp.csr_array, n: int, members: np.ndarray | None):
    scores = mask_seen(scorer.scores(asked), asked)
    if members is None:
        return top_items(scores, n)
    best = top_items(scores[:, members], n)
    return best._replace(item_indices=np.where(best.item_indices >= 0, members[best.item_indices], -1))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("with_factors", [False, True])
@pytest.mark.parametrize("n_members", [None, 1, 9, 300])
def test_best_equals_the_full_product(seed: int, with_factors: bool, n_members: int | None) -> None:
    rng = np.random.default_rng(100 + seed)
    factors = rng.lognormal(0, 0.5, N_ITEMS).astype(np.float32) if with_factors else None
    scorer, asked = model(seed, factors), histories(seed)
    members = None if n_members is None else np.sort(rng.choice(N_ITEMS, n_members, replace=False))
    lists = BoundedLists.of(scorer)
    assert lists is not None
    found = lists.best(asked, 10, lists.scan_order(members))
    expected = full_product(scorer, asked, 10, members)
    np.testing.assert_allclose(found.scores, expected.scores, rtol=2e-4, atol=1e-5)
    same = found.item_indices == expected.item_indices
    # Movies of one vector tie but for rounding, in either product.
    close = np.isclose(found.scores, expected.scores, rtol=1e-5)
    assert same.mean() > 0.97
    assert (same | close).all()


def test_best_looks_at_few_movies_where_lengths_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, asked = model(1), histories(1)
    lists = BoundedLists.of(scorer)
    assert lists is not None
    looked = []
    monkeypatch.setattr(
        bounded_lists, "top_items", lambda scores, n: looked.append(scores.size) or top_items(scores, n)
    )
    lists.best(asked, 10, lists.scan_order())
    assert sum(looked) < asked.shape[0] * N_ITEMS


def test_rank_blocks_of_factors_every_so_manyth_user_gets_the_same_list() -> None:
    scorer, asked = model(2), histories(2)
    (ranking,) = rank_blocks(scorer, asked, np.arange(asked.shape[0]), block_size=7)
    assert isinstance(ranking, BoundedRanking)
    some = ranking.every(3, 1)
    assert list(range(60))[some.rows] == list(range(1, 60, 3))
    np.testing.assert_array_equal(some.best(5), ranking.best(5)[1::3])


def test_of_other_models_is_none() -> None:
    dense = ItemScorer(DenseItemMatrix(np.zeros((3, 3), np.float32)))
    assert BoundedLists.of(PopularFallback(dense, np.ones(3, np.float32))) is None
    assert BoundedLists.of(dense) is None
