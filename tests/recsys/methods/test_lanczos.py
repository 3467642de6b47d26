"""Block Lanczos against the whole spectrum."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.methods.lanczos import BlockLanczos
from recsys.methods.rating_source import CsrGram, CsrRatings


def matrix_of(singular: np.ndarray, n_rows: int, n_items: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    left = np.linalg.qr(rng.normal(size=(n_rows, len(singular))))[0]
    right = np.linalg.qr(rng.normal(size=(n_items, len(singular))))[0]
    return (left * singular) @ right.T


def gram_of(matrix: np.ndarray) -> CsrGram:
    return CsrGram(sp.csr_array(matrix.astype(np.float32)))


@pytest.mark.parametrize("block", [1, 8, 32])
def test_block_lanczos_finds_the_leading_eigenvalues_and_vectors(block: int) -> None:
    singular = np.concatenate([[30, 12, 11, 9], np.linspace(4, 1, 150)])
    matrix = matrix_of(singular, 200, 300)
    lanczos = BlockLanczos(gram_of(matrix), block=block)
    lanczos.grow(128)
    found = lanczos.spectrum(4)
    np.testing.assert_allclose(found.eigenvalues, singular[:4] ** 2, rtol=1e-4)
    vectors = found.vectors
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(4), atol=1e-4)
    np.testing.assert_allclose(matrix.T @ (matrix @ vectors), vectors * singular[:4] ** 2, atol=0.1)


def test_block_lanczos_basis_stays_orthonormal() -> None:
    lanczos = BlockLanczos(gram_of(matrix_of(0.9 ** np.arange(120), 150, 400)))
    lanczos.grow(100)
    vectors = lanczos.spectrum().vectors
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(vectors.shape[1]), atol=1e-4)


def test_block_lanczos_ends_by_itself_where_the_rank_is_low() -> None:
    lanczos = BlockLanczos(gram_of(matrix_of(np.array([5.0, 3, 1]), 50, 200)))
    lanczos.grow(200)
    assert lanczos.is_exhausted
    np.testing.assert_allclose(lanczos.spectrum().eigenvalues, [25, 9, 1], rtol=1e-4)


def test_block_lanczos_zero_matrix_has_no_eigenvalue() -> None:
    lanczos = BlockLanczos(gram_of(np.zeros((5, 90))))
    lanczos.grow(90)
    assert lanczos.is_exhausted
    assert lanczos.spectrum().vectors.shape == (90, 0)


def test_block_lanczos_repeats(tiny) -> None:
    first, again = (BlockLanczos(CsrRatings(tiny).weighted(0.3)) for _ in range(2))
    for lanczos in (first, again):
        lanczos.grow(3)
    np.testing.assert_array_equal(first.spectrum().vectors, again.spectrum().vectors)
