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
        Entries kept per row of a catalogue too large to be dense, those of largest magnitude, ties by item index.
    """
    return item_matrices(lambda block: (rows(block),), n_items, n_neighbors=n_neighbors)[0]


def item_matrices(
    rows: Callable[[slice], tuple[Float32, ...]], n_items: int, *, n_neighbors: int = SPARSE_NEIGHBORS
) -> list[ItemMatrix]:
    """Return several matrices that are computed together; ``rows`` returns a block of the rows of each."""
    if n_items <= DENSE_ITEMS:
        dense = [rows(block) for block in row_blocks(n_items)]
        return [DenseItemMatrix(_stacked(blocks)) for blocks in zip(*dense, strict=True)]
    sparse = [[sp.csr_array(only_top_columns(part, n_neighbors)) for part in rows(b)] for b in row_blocks(n_items)]
    return [from_csr(sp.vstack(blocks, format="csr")) for blocks in zip(*sparse, strict=True)]


def _stacked(blocks: tuple[Float32, ...]) -> Float32:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def pruned(matrix: ItemMatrix, n_neighbors: int) -> ItemMatrix:
    """Return the matrix with all but the entries of largest magnitude of each row set to zero, ties by item index."""
    if isinstance(matrix, DenseItemMatrix):
        return DenseItemMatrix(only_top_columns(matrix.values, n_neighbors))
    csr = to_csr(matrix)
    blocks = (csr[block].toarray() for block in row_blocks(matrix.n_items))
    return from_csr(sp.vstack([sp.csr_array(only_top_columns(block, n_neighbors)) for block in blocks], format="csr"))


def mended(matrix: ItemMatrix) -> ItemMatrix:
    """Return a symmetric matrix, that pruning may have made ragged, with the larger of each entry and its mirror.

    A dense matrix has not been pruned and is returned as it is.
    """
    if isinstance(matrix, DenseItemMatrix):
        return matrix
    csr = to_csr(matrix)
    return from_csr(csr.maximum(csr.T.tocsr()))


def row_blocks(n_items: int) -> Iterator[slice]:
    """Yield the slices of rows that are worked on together."""
    step = max(1, BLOCK_VALUES // n_items)
    for start in range(0, n_items, step):
        yield slice(start, min(start + step, n_items))


def only_top_columns(rows: Float32, k: int) -> Float32:
    """Return the rows, (n_rows, n_items), with all but the k values of largest magnitude of each set to zero.

    Ties go to the lower item index. Negative weights stay among them: a movie that speaks against another improves the
    lists of the learned methods as much as one that speaks for it.
    """
    if k >= rows.shape[1]:
        return rows
    kept: Float32 = rows * is_top(np.abs(rows), k)
    return kept


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
