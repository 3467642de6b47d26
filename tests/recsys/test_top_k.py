import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recsys.errors import ParameterError
from recsys.top_k import mask_seen, top_items, top_k

FEW_VALUES = st.sampled_from([-np.inf, -1.5, -0.0, 0.0, 1.0, 2.0])
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9)


def array(rows):
    return np.array(rows, dtype=np.float32)


@given(scores=hnp.arrays(np.float32, SHAPES, elements=FEW_VALUES), top_k=st.integers(1, 12))
def test_top_items_many_ties_equals_a_full_sort(scores, top_k):
    expected = np.full((len(scores), top_k), -1)
    for row, values in zip(expected, scores, strict=True):
        candidates = [item for item in range(len(values)) if values[item] > -np.inf]
        best = sorted(candidates, key=lambda item: (-values[item], item))[:top_k]
        row[: len(best)] = best
    found = top_items(scores, top_k)
    assert found.item_indices.dtype == np.int64
    assert found.item_indices.tolist() == expected.tolist()


def test_top_items_large_random_block_equals_a_full_sort():
    scores = np.random.default_rng(3).integers(0, 300, (50, 1682)).astype(np.float32)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :20]
    assert np.array_equal(top_items(scores, 20).item_indices, expected)


def test_top_items_tie_at_the_boundary_takes_the_lowest_index():
    found = top_items(array([[1, 2, 1, 3, 1]]), 3)
    assert found.item_indices.tolist() == [[3, 1, 0]]
    assert found.scores.tolist() == [[3, 2, 1]]


def test_top_items_fewer_candidates_pads_with_minus_one():
    found = top_items(array([[-np.inf, 5, -np.inf], [-np.inf] * 3]), 2)
    assert found.item_indices.tolist() == [[1, -1], [-1, -1]]
    assert found.scores.tolist() == [[5, -np.inf], [-np.inf, -np.inf]]


def test_top_items_does_not_change_its_input():
    scores = array([[1, 3, 2]])
    top_items(scores, 2)
    assert scores.tolist() == [[1, 3, 2]]


@pytest.mark.parametrize("column", [0, 1, 2])
def test_top_items_nan_anywhere_is_an_error(column):
    scores = array([[3, 2, 1]])
    scores[0, column] = np.nan
    with pytest.raises(ParameterError, match="NaN"):
        top_items(scores, 1)


def test_top_items_zero_top_k_is_an_error():
    with pytest.raises(ParameterError, match="at least 1, not 0"):
        top_items(array([[1.0]]), 0)


def test_mask_seen_read_only_scores_are_copied_and_masked():
    scores = np.broadcast_to(array([1, 2, 3]), (2, 3))
    masked = mask_seen(scores, sp.csr_array(array([[0, 4, 0], [0.5, 0, 5]])))
    assert masked.tolist() == [[1, -np.inf, 3], [-np.inf, 2, -np.inf]]
    assert scores.tolist() == [[1, 2, 3]] * 2


def test_mask_seen_writable_scores_stay_as_they_are():
    scores = array([[1, 2]])
    mask_seen(scores, sp.csr_array(array([[3, 0]])))
    assert scores.tolist() == [[1, 2]]


def test_mask_seen_no_history_masks_nothing():
    masked = mask_seen(array([[1, 2]]), sp.csr_array((1, 2), dtype=np.float32))
    assert masked.tolist() == [[1, 2]]


@pytest.mark.parametrize("n_items", [0, 1, 20, 8191, 8200, 60_000])
@pytest.mark.parametrize("share_of_zeros", [0.0, 0.9, 0.9999, 1.0])
def test_top_k_of_any_size_equals_a_full_sort(n_items, share_of_zeros):
    rng = np.random.default_rng(4)
    scores = rng.integers(-5, 300, n_items).astype(np.float32)
    scores[rng.random(n_items) < share_of_zeros] = 0
    scores[rng.random(n_items) < 0.01] = -np.inf
    for k in (0, 1, 10, 50, n_items):
        assert np.array_equal(top_k(scores, k), np.argsort(-scores, kind="stable")[:k])


def test_top_k_best_in_one_part_equals_a_full_sort():
    scores = np.zeros(60_000, dtype=np.float32)
    scores[: 64 * 937 : 937] = np.arange(64) + 1  # 60,000 scores are compared in 937 parts
    assert np.array_equal(top_k(scores, 10), np.argsort(-scores, kind="stable")[:10])
