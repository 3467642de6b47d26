"""The shrunk cosine of sparse columns: rows in full, or of each row the largest values alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
import similaripy
from numpy.typing import NDArray

from recsys.methods.neighborhoods import BLOCK_VALUES, strongest_columns, strongest_of_each
from recsys.methods.products import gram_rows

Float32 = NDArray[np.float32]
Indices = NDArray[np.signedinteger[Any]]

SPARE = 24
"""Looked for beyond those that are kept, so that few lists end among equals."""
BLOCK_RESULTS = 25_000_000
"""Values looked for together: similaripy holds 300 MB of results, whose number has to fit 31 bits."""


@dataclass(frozen=True, eq=False)
class ShrunkCosine:
    """``s_ij = x_i . x_j / (|x_i| |x_j| + shrinkage)`` with x the columns of a matrix; at most 1, 0 where i is j.

    A column without entries is similar to none.

    Attributes
    ----------
    columns
        CSR float32, (n_users, n_items), none negative.
    shrinkage
        What keeps columns with few entries away from all others.
    """

    columns: sp.csr_array
    shrinkage: float

    @property
    def n_items(self) -> int:
        """Return the number of columns."""
        n_items: int = self.columns.shape[1]
        return n_items

    def rows(self, items: slice | Indices) -> Float32:
        """Return some rows, float32, (n_rows, n_items)."""
        similarity: Float32 = self._products(items)
        scale = np.outer(self._norms[items], self._norms)
        scale += np.float32(self.shrinkage)
        similarity /= scale
        own = np.arange(self.n_items)[items]
        similarity[np.arange(len(own)), own] = 0
        return np.minimum(similarity, 1, out=similarity)

    def nearest(self, k: int) -> sp.csr_array:
        """Return the k largest values of each row, CSR float32, (n_items, n_items), ties to the lower item index.

        similaripy multiplies, shrinks and selects a row at a time within a processor's cache. SciPy's product counts
        first, and writes down all values of which then few are kept: three times as long at 25 million ratings.
        """
        by_item = self.columns.T.tocsr()
        by_item.eliminate_zeros()  # a copy of ours, as similaripy does the same to what it is given
        rated = np.flatnonzero(np.diff(by_item.indptr)).astype(np.int32)  # it fails over an empty row at the end
        by_item = by_item if len(rated) == self.n_items else by_item[rated]
        by_user = by_item.T.tocsr()
        width = min(k + 1 + SPARE, len(rated))  # a row may find itself
        blocks = [sp.csr_array((0, self.n_items), dtype=np.float32)]
        for block in _parts(np.arange(len(rated), dtype=np.int32), BLOCK_RESULTS // max(width, 1)):
            found = similaripy.cosine(
                by_item, by_user, width, self.shrinkage, target_rows=block, verbose=False, format_output="csr"
            )[block[0] : block[-1] + 1]
            np.minimum(found.data, 1, out=found.data)
            kept = strongest_of_each(self._others(found, block, rated), k)
            cut = _cut(found, kept, width, k) if width < len(rated) else rated[:0]
            blocks.append(_replaced(kept, cut, self._in_full(rated[block[cut]], k)))
        kept = sp.vstack(blocks, format="csr")
        counts = np.zeros(self.n_items, dtype=np.int64)
        counts[rated] = np.diff(kept.indptr)
        return sp.csr_array((kept.data, kept.indices, _ends(counts)), shape=(self.n_items, self.n_items))

    def _others(self, found: sp.csr_array, own: Indices, rated: Indices) -> sp.csr_array:
        """Return rows without the values where they found themselves, columns spelled as item indices, sorted."""
        rows = np.repeat(np.arange(len(own)), np.diff(found.indptr))
        other = found.indices != own[rows]
        ends = _ends(np.bincount(rows[other], minlength=len(own)))
        shape = (len(own), self.n_items)
        others = sp.csr_array((found.data[other], rated[found.indices[other]], ends), shape=shape)
        others.sort_indices()
        return others

    def _in_full(self, items: Indices, k: int) -> list[sp.csr_array]:
        """Return the k largest values of rows that are computed whole, in blocks."""
        return [strongest_columns(self.rows(part), k) for part in _parts(items, BLOCK_VALUES // self.n_items)]

    @cached_property
    def _norms(self) -> Float32:
        norms: Float32 = np.sqrt(self.columns.multiply(self.columns).sum(axis=0)).astype(np.float32)
        norms[norms == 0] = 1
        return norms

    @cached_property
    def _products(self) -> Any:
        return gram_rows(self.columns)


def _cut(found: sp.csr_array, kept: sp.csr_array, width: int, k: int) -> Indices:
    """Return the rows, int64, whose last value kept equals the lowest found: others like it may have been left out."""
    full = np.flatnonzero(np.diff(found.indptr) == width)
    last = kept[full].data.reshape(-1, k).min(axis=1)
    lowest = found[full].data.reshape(-1, width).min(axis=1)
    cut: Indices = full[last == lowest]
    return cut


def _replaced(kept: sp.csr_array, rows: Indices, others: list[sp.csr_array]) -> sp.csr_array:
    """Return a matrix with some of its rows taken from others."""
    if not others:
        return kept
    n_rows = kept.shape[0]
    place = np.arange(n_rows)
    place[rows] = n_rows + np.arange(len(rows))
    return sp.vstack([kept, *others], format="csr")[place]


def _parts(values: Indices, n_at_once: int) -> Iterator[Indices]:
    step = max(1, n_at_once)
    return (values[start : start + step] for start in range(0, len(values), step))


def _ends(counts: Indices) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(counts)))
