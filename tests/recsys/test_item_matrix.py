"""Dense and sparse matrices answer alike."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.item_matrix import DenseItemMatrix, ItemMatrix, SparseItemMatrix, matrix_from_arrays
from recsys.methods.neighborhoods import from_csr, strongest_columns, strongest_of_each, symmetrized, to_csr

squares = arrays(np.float32, (5, 5), elements=st.sampled_from([0, 0, 0.25, 0.5, -1]))
rows = st.lists(st.integers(0, 4), max_size=5, unique=True).map(lambda picked: np.array(picked, dtype=np.int64))


def sparse(values: np.ndarray) -> SparseItemMatrix:
    return from_csr(sp.csr_array(values))


@settings(deadline=None)
@given(values=squares, picked=rows, columns=rows)
def test_sparse_and_dense_answer_alike(values: np.ndarray, picked: np.ndarray, columns: np.ndarray) -> None:
    one, other = DenseItemMatrix(values), sparse(values)
    weights = np.arange(1, len(picked) + 1, dtype=np.float32)
    np.testing.assert_allclose(other.weighted_row_sum(picked, weights), one.weighted_row_sum(picked, weights))
    np.testing.assert_array_equal(other.block(picked, columns), one.block(picked, columns))
    for row in range(5):
        np.testing.assert_array_equal(other.row(row), one.row(row))


@settings(deadline=None)
@given(values=squares)
def test_symmetrized_sparse_gives_the_larger_of_mirrored_entries(values: np.ndarray) -> None:
    positive = np.abs(values)
    expected = np.maximum(positive, positive.T)
    np.testing.assert_array_equal(to_csr(symmetrized(sparse(positive))).toarray(), expected)


@pytest.mark.parametrize("matrix", [DenseItemMatrix(np.eye(3, dtype=np.float32)), sparse(np.eye(3, dtype=np.float32))])
def test_matrix_from_arrays_is_the_inverse_of_arrays(matrix: ItemMatrix) -> None:
    again = matrix_from_arrays(matrix.arrays)
    assert type(again) is type(matrix)
    np.testing.assert_array_equal(to_csr(again).toarray(), np.eye(3))


def test_strongest_columns_goes_by_magnitude_then_by_the_lower_index() -> None:
    values = np.array([[0.5, 0.9, 0.5, 0.5], [-1, -2, 0, 0.1]], dtype=np.float32)
    expected = np.array([[0.5, 0.9, 0, 0], [-1, -2, 0, 0]], dtype=np.float32)
    np.testing.assert_array_equal(strongest_columns(values, 2).toarray(), expected)


def by_full_sort(values: np.ndarray, k: int) -> np.ndarray:
    order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :k]
    kept = np.zeros_like(values)
    np.put_along_axis(kept, order, np.take_along_axis(values, order, axis=1), axis=1)
    return kept


@settings(deadline=None)
@given(values=arrays(np.float32, (3, 40), elements=st.sampled_from([0, 0, 0.25, 0.5, -1])), k=st.integers(1, 5))
def test_strongest_columns_equals_a_full_sort(values: np.ndarray, k: int) -> None:
    np.testing.assert_array_equal(strongest_columns(values, k).toarray(), by_full_sort(values, k))


@settings(deadline=None)
@given(values=arrays(np.float32, (6, 12), elements=st.sampled_from([0, 0, 0.25, 0.5, -1])), k=st.integers(1, 13))
def test_strongest_of_each_equals_a_full_sort_of_ragged_rows(values: np.ndarray, k: int) -> None:
    expected = by_full_sort(values, k)
    found = strongest_of_each(sp.csr_array(values), k)
    np.testing.assert_array_equal(found.toarray(), expected)
    assert np.diff(found.indptr).tolist() == np.count_nonzero(expected, axis=1).tolist()
