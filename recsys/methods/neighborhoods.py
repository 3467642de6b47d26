"""From rows of similarities to an item matrix: dense while the catalog is small, else the top neighbors only.

Those of a large catalog are asked for in blocks, so that memory stays bounded.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

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
"""Neighbors kept per movie of a larger catalog."""
CHUNKS_PER_NEIGHBOR = 4
"""More leave fewer candidates, at the price of more peaks."""
THREADS = min(os.cpu_count() or 1, 4)
"""Blocks worked on at a time; each takes some 100 MB."""
BLOCK_VALUES = 4_000_000
"""Values of one block of rows, 16 MB: larger ones are slower, since their memory is fetched again for each."""


def item_matrix(rows: RowBlock, n_items: int) -> ItemMatrix:
    """Return the matrix whose rows ``rows`` computes; those of a large catalog keep `SPARSE_NEIGHBORS` entries.

    These are the entries of largest magnitude, ties by item index.

    Parameters
    ----------
    rows
        Returns a block of dense rows, float32, (n_rows, n_items). It is called once for each block.
    """
    return item_matrices(lambda block: (rows(block),), n_items)[0]


def item_matrices(rows: Callable[[slice], tuple[Float32, ...]], n_items: int) -> list[ItemMatrix]:
    """Return several matrices that are computed together; ``rows`` returns a block of the rows of each."""
    if n_items <= DENSE_ITEMS:
        return [DenseItemMatrix(values) for values in rows(slice(0, n_items))]

    def strongest(block: slice) -> list[sp.csr_array]:
        return [strongest_columns(part, SPARSE_NEIGHBORS) for part in rows(block)]

    # NumPy and SciPy let other threads run meanwhile; a block's result does not depend on when it is worked on.
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        sparse = list(pool.map(strongest, row_blocks(n_items)))
    return [from_csr(sp.vstack(blocks, format="csr")) for blocks in zip(*sparse, strict=True)]


def nearest_of_each(similarity: ItemMatrix, n_neighbors: int) -> ItemMatrix:
    """Return a symmetric matrix with all but the largest entries of each column set to zero, ties by item index."""
    if isinstance(similarity, DenseItemMatrix):
        values = similarity.values
        return DenseItemMatrix(values * is_top(values, min(n_neighbors, len(values))).T)
    return from_csr(strongest_of_each(to_csr(similarity), n_neighbors).T.tocsr())


def symmetrized(matrix: ItemMatrix) -> ItemMatrix:
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


def strongest_columns(rows: Float32, k: int) -> sp.csr_array:
    """Return the k values of largest magnitude of each row as CSR, ties to the lower item index.

    Negative weights stay among them: a movie that speaks against another improves the lists of the learned methods as
    much as one that speaks for it.

    The columns of a row are dealt to chunks; at least k values are not below the k-th largest of the chunks' peaks. So
    few candidates are left to be sorted, which is several times faster than a partition of whole rows.
    """
    n_items = rows.shape[1]
    magnitude = np.abs(rows)
    lowest = np.full((len(rows), 1), np.finfo(np.float32).tiny)
    n_chunks = CHUNKS_PER_NEIGHBOR * k
    if n_items >= 2 * n_chunks:
        dealt = magnitude[:, : n_items - n_items % n_chunks].reshape(len(rows), -1, n_chunks)
        peaks = np.partition(dealt.max(axis=1), n_chunks - k, axis=1)
        lowest = np.maximum(lowest, peaks[:, [n_chunks - k]])
    candidates = np.flatnonzero(magnitude >= lowest)
    starts = np.searchsorted(candidates, np.arange(len(rows) + 1) * n_items)
    found = sp.csr_array((rows.ravel()[candidates], candidates % n_items, starts), shape=rows.shape)
    return strongest_of_each(found, k)


def strongest_of_each(csr: sp.csr_array, k: int) -> sp.csr_array:
    """Return the k values of largest magnitude of each row, ties to the lower index; indices have to be sorted."""
    counts = np.diff(csr.indptr)
    if counts.max(initial=0) <= k:
        return csr
    magnitude = np.abs(csr.data)
    n_kept = np.minimum(counts, k)
    lowest = np.repeat(_lowest_kept(magnitude, csr.indptr, k), counts)
    kept = magnitude >= lowest
    tied = np.flatnonzero(magnitude == lowest)
    rows = np.searchsorted(csr.indptr, tied, side="right") - 1
    n_tied = np.bincount(rows, minlength=len(counts))
    n_not_below = np.diff(np.concatenate(([0], np.cumsum(kept)))[csr.indptr])
    n_free = n_kept - (n_not_below - n_tied)
    place = np.arange(len(tied)) - (np.cumsum(n_tied) - n_tied)[rows]
    kept[tied[place >= n_free[rows]]] = False
    indptr = np.concatenate(([0], np.cumsum(n_kept)))
    return sp.csr_array((csr.data[kept], csr.indices[kept], indptr), shape=csr.shape)


def _lowest_kept(magnitude: Float32, indptr: NDArray[np.integer[Any]], k: int) -> Float32:
    """Return the k-th largest of each row, (n_rows,), 0 where there are no more than k.

    Rows of about the same length are padded to a matrix: sorting rows of a matrix takes a thirtieth of the time of
    sorting all values by row and magnitude.
    """
    counts = np.diff(indptr)
    lowest = np.zeros(len(counts), dtype=magnitude.dtype)
    longer = np.flatnonzero(counts > k)
    widths = 2 ** np.ceil(np.log2(counts[longer])).astype(np.int64)
    for width in np.unique(widths):
        step = max(1, BLOCK_VALUES // width)
        alike = longer[widths == width]
        for start in range(0, len(alike), step):
            rows = alike[start : start + step]
            places = indptr[rows, None] + np.arange(width)
            values = magnitude[np.minimum(places, len(magnitude) - 1)]
            values[places >= indptr[rows + 1, None]] = 0
            lowest[rows] = np.partition(values, width - k, axis=1)[:, width - k]
    return lowest


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
