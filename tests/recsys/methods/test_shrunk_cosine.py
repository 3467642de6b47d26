"""The nearest columns found row by row are those of the full rows, equals and empty columns included."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.data import Dataset
from recsys.methods import get_method, make_params, neighborhoods, shrunk_cosine
from recsys.methods.neighborhoods import strongest_columns, to_csr
from recsys.methods.shrunk_cosine import ShrunkCosine


def with_twins(seed: int, *, n_users: int = 12, n_items: int = 40, n_different: int = 9) -> sp.csr_array:
    """Return columns drawn from a few different ones, so that many similarities are equal; one is empty."""
    rng = np.random.default_rng(seed)
    different = rng.random((n_users, n_different)) * (rng.random((n_users, n_different)) < 0.4)
    different[:, 0] = 0
    return sp.csr_array(different[:, rng.integers(n_different, size=n_items)].astype(np.float32))


@pytest.mark.parametrize("spare", [0, 3, 24])
@pytest.mark.parametrize("shrinkage", [0, 0.5])
@pytest.mark.parametrize("seed", range(20))
def test_nearest_equals_a_full_sort_of_the_rows(
    seed: int, shrinkage: float, spare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shrunk_cosine, "SPARE", spare)
    monkeypatch.setattr(shrunk_cosine, "BLOCK_RESULTS", 100)
    monkeypatch.setattr(shrunk_cosine, "BLOCK_VALUES", 100)
    cosine = ShrunkCosine(with_twins(seed), shrinkage)
    for k in (1, 3, 10, 60):
        found, expected = cosine.nearest(k), strongest_columns(cosine.rows(slice(None)), k)
        np.testing.assert_array_equal(found.indptr, expected.indptr)
        np.testing.assert_array_equal(found.indices, expected.indices)
        np.testing.assert_allclose(found.data, expected.data, rtol=1e-6)


def test_nearest_by_hand() -> None:
    # a = (3, 4), b = (4, 0), c = (0, 2), d = (0, 0): a.b = 12, a.c = 8, b.c = 0
    columns = sp.csr_array(np.array([[3, 4, 0, 0], [4, 0, 2, 0]], dtype=np.float32))
    found = ShrunkCosine(columns, 10).nearest(1).toarray()
    expected = np.zeros((4, 4))
    expected[0, 1] = expected[1, 0] = 12 / (5 * 4 + 10)
    expected[2, 0] = 8 / (5 * 2 + 10)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(0, 3), (2, 3), (2, 0)])
def test_nearest_of_columns_without_entries_is_empty(shape: tuple[int, int]) -> None:
    found = ShrunkCosine(sp.csr_array(shape, dtype=np.float32), 100).nearest(5)
    assert found.shape == (shape[1], shape[1])
    assert found.nnz == 0


def test_nearest_leaves_stored_zeros_where_they_are() -> None:
    values = np.array([0, 2, 1, 3], dtype=np.float32)
    columns = sp.csr_array((values.copy(), [0, 1, 0, 1], [0, 2, 4]), shape=(2, 2))
    ShrunkCosine(columns, 1).nearest(1)
    np.testing.assert_array_equal(columns.data, values)
    np.testing.assert_array_equal(columns.indices, [0, 1, 0, 1])


@pytest.mark.parametrize("weighting", ["cosine", "tfidf", "bm25"])
def test_fit_large_catalog_keeps_the_neighbors_of_the_dense_one(
    weighting: str, movielens: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = get_method("item-knn")
    params = make_params(method, {"weighting": weighting, "n_neighbors": 20})
    dense = method.fit(movielens, params).item_weights
    monkeypatch.setattr(neighborhoods, "DENSE_ITEMS", 0)
    sparse = method.fit(movielens, params).item_weights
    np.testing.assert_allclose(to_csr(sparse).toarray(), to_csr(dense).toarray(), atol=2e-6)
