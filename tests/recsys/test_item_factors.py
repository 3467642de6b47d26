"""Factored matrices against the matrix spelled out, and lists by a scan with a bound against those of all scores."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys import item_factors
from recsys.item_factors import FactorItemMatrix, FactorSimilarity
from recsys.item_matrix import matrix_from_arrays
from recsys.scorers import sums_of_rows
from recsys.top_k import top_k

N_ITEMS, RANK = 500, 6


@pytest.fixture(autouse=True)
def _several_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a scan of the few movies of a test go in steps as that of a large catalog does."""
    monkeypatch.setattr(item_factors, "FIRST_ROWS", 8)


def made(seed: int, *, decay: float = 1.5) -> FactorItemMatrix:
    rng = np.random.default_rng(seed)
    lengths = (np.arange(N_ITEMS) + 1.0) ** -decay
    factors = rng.normal(size=(N_ITEMS, RANK)) * rng.permutation(lengths)[:, None]
    return FactorItemMatrix.of(factors.astype(np.float32), rng.uniform(0.5, 2, N_ITEMS).astype(np.float32))


def spelled_out(matrix: FactorItemMatrix) -> np.ndarray:
    vectors = matrix.by_item.astype(np.float64)
    values = matrix.row_scale[:, None] * (vectors @ vectors.T)
    np.fill_diagonal(values, 0)
    return values


def test_factor_matrix_answers_as_the_dense_one() -> None:
    matrix = made(1)
    values = spelled_out(matrix)
    picked, columns = np.array([3, 499, 40]), np.array([40, 7, 8, 3])
    weights = np.array([3, -1.5, 1], dtype=np.float32)
    np.testing.assert_allclose(matrix.weighted_row_sum(picked, weights), weights @ values[picked], atol=1e-5)
    np.testing.assert_allclose(matrix.row(7), values[7], atol=1e-5)
    np.testing.assert_allclose(matrix.block(picked, columns), values[np.ix_(picked, columns)], atol=1e-5)
    assert matrix.block(picked, columns)[0, 3] == matrix.block(picked, columns)[2, 0] == 0
    none = np.zeros(0, dtype=np.int64)
    assert not matrix.weighted_row_sum(none, none.astype(np.float32)).any()


def test_factor_matrix_sums_of_many_users_equal_those_of_each() -> None:
    matrix = made(2)
    histories = sp.csr_array(np.round(sp.random_array((9, N_ITEMS), density=0.02, rng=0).toarray() * 6 - 3, 1))
    weights = histories.astype(np.float32)
    expected = weights.toarray() @ spelled_out(matrix)
    np.testing.assert_allclose(sums_of_rows(weights, matrix), expected, atol=1e-4)


def test_factor_matrices_come_back_from_their_arrays() -> None:
    matrix = made(3)
    similarity = FactorSimilarity(matrix.by_item, np.ones((N_ITEMS, 2), np.float32))
    for one in (matrix, similarity):
        again = matrix_from_arrays(one.arrays)
        assert type(again) is type(one)
        np.testing.assert_array_equal(again.row(5), one.row(5))


@settings(deadline=None, max_examples=300)
@given(
    seed=st.integers(0, 5),
    decay=st.sampled_from([0.0, 0.5, 1.5]),
    picked=st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=12, unique=True),
    n_leading=st.integers(1, 30),
    recency=st.sampled_from([None, 0.5, 2.0]),
    share_allowed=st.sampled_from([None, 0.01, 0.3, 0.95]),
    data=st.data(),
)
def test_leading_scores_give_the_lists_of_all_scores(  # noqa: PLR0917
    seed: int,
    decay: float,
    picked: list[int],
    n_leading: int,
    recency: float | None,
    share_allowed: float | None,
    data: st.DataObject,
) -> None:
    """Likes and dislikes, factors of recency and a filter: the list is that of the full product."""
    matrix, rng = made(seed, decay=decay), np.random.default_rng(seed)
    items = np.array(sorted(picked))
    signed = st.lists(st.sampled_from([-1.5, -1, 0.5, 1.4, 2.3, 3]), min_size=len(items), max_size=len(items))
    weights = np.array(data.draw(signed), dtype=np.float32)
    factors = None if recency is None else (rng.lognormal(0, 1, N_ITEMS) ** recency).astype(np.float32)
    allowed = None if share_allowed is None else rng.random(N_ITEMS) < share_allowed
    found = matrix.leading_scores(items, weights, n_leading, blocked=items, allowed=allowed, factors=factors)
    everything = matrix.weighted_row_sum(items, weights)
    known = found > -np.inf
    np.testing.assert_allclose(found[known], everything[known], atol=1e-5)
    assert (found.max() > 0) == (everything.max() > 0), "whether anything speaks for a movie must not change"
    best, expected = (listed(scores, items, n_leading, allowed, factors) for scores in (found, everything))
    assert len(best) == len(expected)
    of_expected = raised(everything, factors)
    # Scores are rounded, so movies that tie but for rounding may change places.
    np.testing.assert_allclose(of_expected[best], of_expected[expected], atol=1e-5)


def raised(scores: np.ndarray, factors: np.ndarray | None) -> np.ndarray:
    return scores if factors is None else np.where(scores > 0, scores * factors, scores / factors)


def listed(
    scores: np.ndarray, seen: np.ndarray, n: int, allowed: np.ndarray | None, factors: np.ndarray | None
) -> np.ndarray:
    candidates = raised(scores, factors).copy()
    candidates[seen] = -np.inf
    if allowed is not None:
        candidates[~allowed] = -np.inf
    return top_k(candidates, min(n, N_ITEMS - len(seen) if allowed is None else int((candidates > -np.inf).sum())))


def test_leading_scores_stop_early_where_lengths_fall_off() -> None:
    matrix = made(0)
    items = matrix.order[:3].astype(np.int64)
    found = matrix.leading_scores(items, np.ones(3, np.float32), 5, blocked=items)
    assert np.count_nonzero(found > -np.inf) < N_ITEMS // 2


def test_leading_scores_bound_that_a_factor_breaks_is_noticed() -> None:
    """A short vector whose factor is huge comes first, however late the scan would reach it."""
    matrix = made(0)
    last = int(matrix.order[-1])
    factors = np.ones(N_ITEMS, dtype=np.float32)
    items, weights = matrix.order[:1].astype(np.int64), np.ones(1, np.float32)
    if matrix.row(int(items[0]))[last] < 0:
        weights = -weights
    factors[last] = 1e9
    found = matrix.leading_scores(items, weights, 1, blocked=items, factors=factors)
    assert top_k(np.where(np.arange(N_ITEMS) == items[0], -np.inf, found * factors), 1).tolist() == [last]


def test_factor_similarity_is_symmetric_between_zero_and_one() -> None:
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(40, 3)).astype(np.float32) * 0.5
    content = rng.random((40, 4)).astype(np.float32) * 0.4
    similarity = FactorSimilarity(factors, content)
    expected = np.minimum((factors @ factors.T).clip(0, 1) + content @ content.T, 1)
    rows = np.stack([similarity.row(item) for item in range(40)])
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    np.testing.assert_allclose(rows, rows.T, atol=1e-6)
    some = np.array([3, 1])
    np.testing.assert_allclose(similarity.block(some, some), expected[np.ix_(some, some)], atol=1e-6)
    weights = np.array([0.5, 2], dtype=np.float32)
    np.testing.assert_allclose(similarity.weighted_row_sum(some, weights), weights @ expected[some], atol=1e-5)
