"""From rows of similarities to an item matrix: dense while the catalogue is small, else the top neighbours only.

Rows are asked for in blocks, so memory stays bounded by block_rows x n_items whatever the catalogue's size.
"""

from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.item_matrix import DenseItemMatrix, ItemMatrix, SparseItemMatrix
from recsys.top_k import is_top

Float32 = NDArray[np.float32]
RowBlock = Callable[[slice], Float32]

DENSE_ITEMS = 5000
"""Up to this many movies a matrix is kept dense: 100 MB."""
SPARSE_NEIGHBORS = 200
"""Neighbours kept per movie of a larger catalogue."""
BLOCK_VALUES = 16_000_000
"""Values of one block of rows: 64 MB."""


def item_matrix(rows: RowBlock, n_items: int, *, n_neighbors: int = SPARSE_NEIGHBORS) -> ItemMatrix:
    """Return the matrix whose rows ``rows`` computes.

    Parameters
    ----------
    rows
        Returns a block of dense rows, float32, (n_rows, n_items). It is called once for each block.
    n_neighbors
        Positive entries kept per row of a catalogue too large to be dense, the largest, ties by item index.
    """
    if n_items <= DENSE_ITEMS:
        blocks = [rows(block) for block in row_blocks(n_items)]
        return DenseItemMatrix(blocks[0] if len(blocks) == 1 else np.concatenate(blocks))
    parts = [sp.csr_array(only_top_columns(rows(block), n_neighbors)) for block in row_blocks(n_items)]
    return from_csr(sp.vstack(parts, format="csr"))


def pruned(matrix: ItemMatrix, n_neighbors: int) -> ItemMatrix:
    """Return the matrix with all but the largest positive entries of each row set to zero, ties by item index."""
    if isinstance(matrix, DenseItemMatrix):
        return DenseItemMatrix(only_top_columns(matrix.values, n_neighbors))
    csr = to_csr(matrix)
    blocks = (csr[block].toarray() for block in row_blocks(matrix.n_items))
    return from_csr(sp.vstack([sp.csr_array(only_top_columns(block, n_neighbors)) for block in blocks], format="csr"))


def symmetric(matrix: ItemMatrix) -> ItemMatrix:
    """Return the larger of each entry and its mirror, which mends a symmetric matrix that pruning has made ragged."""
    if isinstance(matrix, DenseItemMatrix):
        return DenseItemMatrix(np.maximum(matrix.values, matrix.values.T))
    csr = to_csr(matrix)
    return from_csr(csr.maximum(csr.T.tocsr()))


def row_blocks(n_items: int) -> Iterator[slice]:
    """Yield the slices of rows that are worked on together."""
    step = max(1, BLOCK_VALUES // n_items)
    for start in range(0, n_items, step):
        yield slice(start, min(start + step, n_items))


def only_top_columns(rows: Float32, k: int) -> Float32:
    """Return the rows, (n_rows, n_items), with all but the k largest positive values of each set to zero."""
    positive = rows.clip(min=0)
    return positive if k >= rows.shape[1] else np.where(is_top(positive, k), positive, np.float32(0))


def to_csr(matrix: ItemMatrix) -> sp.csr_array:
    """Return the matrix as CSR float32, (n_items, n_items), sharing memory where it is sparse already."""
    if isinstance(matrix, SparseItemMatrix):
        shape = (matrix.n_items, matrix.n_items)
        return sp.csr_array((matrix.data, matrix.indices, matrix.indptr), shape=shape)
    return sp.csr_array(matrix.arrays["values"])


def from_csr(csr: sp.csr_array) -> SparseItemMatrix:
    """Return a sparse item matrix from CSR, (n_items, n_items)."""
    csr.sort_indices()
    return SparseItemMatrix(
        data=csr.data.astype(np.float32, copy=False),
        indices=csr.indices.astype(np.int32, copy=False),
        indptr=csr.indptr.astype(np.int64, copy=False),
    )
