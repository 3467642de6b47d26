"""Products of a sparse matrix with itself, by BLAS while the matrix is small enough to be spelled out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

DENSE_PRODUCT_VALUES = 20_000_000
"""Up to this many rows x columns a dense product is faster than a sparse one."""


def gram(matrix: sp.csr_array) -> NDArray[Any]:
    """Return ``matrix.T @ matrix``, dense, (n_columns, n_columns), of the matrix's dtype."""
    return gram_rows(matrix)(slice(0, matrix.shape[1]))


def gram_rows(matrix: sp.csr_array) -> Callable[[slice], NDArray[Any]]:
    """Return a function that returns a block of the rows of ``matrix.T @ matrix``, dense, (n_block, n_columns)."""
    n_rows, n_columns = matrix.shape
    if n_rows * n_columns <= DENSE_PRODUCT_VALUES:
        dense = matrix.toarray()
        return lambda block: dense[:, block].T @ dense
    transposed = matrix.T.tocsr()
    return lambda block: np.asarray((transposed[block] @ matrix).toarray())
