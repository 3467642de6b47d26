"""Square item-item matrices, dense, sparse or factored, with the few operations that serving needs.

NumPy only: a serving worker opens them memory-mapped and imports nothing heavier.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.item_factors import FactorItemMatrix, FactorSimilarity

Float32 = NDArray[np.float32]
Indices = NDArray[np.int64]


class ItemMatrix(Protocol):
    """An (n_items, n_items) float32 matrix whose rows can be added up and looked at."""

    @property
    def n_items(self) -> int:
        """Return the number of rows and of columns."""
        ...

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays that hold the matrix, by the name of the file each is stored under."""
        ...

    def weighted_row_sum(self, item_indices: Indices, weights: Float32) -> Float32:
        """Return ``weights @ matrix[item_indices]``, float32, (n_items,); zeros for no row."""
        ...

    def leading_scores(
        self,
        item_indices: Indices,
        weights: Float32,
        n_leading: int,
        *,
        blocked: Indices,
        allowed: NDArray[np.bool_] | None = None,
        factors: Float32 | None = None,
    ) -> Float32:
        """Return `weighted_row_sum`, with -inf allowed where a movie is certainly not among the leading ones.

        Parameters
        ----------
        n_leading
            How many of the best candidates have to have their score.
        blocked
            int64, item indices that are no candidates; they have to contain ``item_indices``.
        allowed
            bool, (n_items,), which movies are candidates, None for all.
        factors
            float32, (n_items,), positive: the best are those of the largest score times factor. Scores are returned
            without it.
        """
        ...

    def row(self, item_index: int) -> Float32:
        """Return one row, dense float32, (n_items,)."""
        ...

    def block(self, item_indices: Indices, columns: Indices) -> Float32:
        """Return ``matrix[item_indices][:, columns]``, dense float32, (n_rows, n_columns); no column twice."""
        ...


class AllScores:
    """A matrix whose rows are added up as fast as any part of them: no score is left out."""

    def leading_scores(self: "ItemMatrix", item_indices: Indices, weights: Float32, *_: Any, **__: Any) -> Float32:
        """Return `weighted_row_sum`: see `ItemMatrix.leading_scores`."""
        return self.weighted_row_sum(item_indices, weights)


@dataclass(frozen=True, eq=False)
class DenseItemMatrix(AllScores):
    """A dense matrix: C-ordered float32, (n_items, n_items)."""

    values: Float32

    @property
    def n_items(self) -> int:
        """Return the number of rows and of columns."""
        return len(self.values)

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the one array, named ``values``."""
        return {"values": self.values}

    def weighted_row_sum(self, item_indices: Indices, weights: Float32) -> Float32:
        """Return ``weights @ matrix[item_indices]``, float32, (n_items,); zeros for no row."""
        # Of the ways to write this product the quickest for a few rows, by a quarter.
        result: Float32 = weights.dot(self.values.take(item_indices, axis=0))
        return result

    def row(self, item_index: int) -> Float32:
        """Return one row, float32, (n_items,), a view."""
        row: Float32 = self.values[item_index]
        return row

    def block(self, item_indices: Indices, columns: Indices) -> Float32:
        """Return ``matrix[item_indices][:, columns]``, float32, (n_rows, n_columns)."""
        block: Float32 = self.values[item_indices[:, None], columns]
        return block


@dataclass(frozen=True, eq=False)
class SparseItemMatrix(AllScores):
    """A sparse matrix in CSR layout.

    Attributes
    ----------
    data, indices
        float32 and int32, (n_stored,), row after row; columns ascending within a row.
    indptr
        int64, (n_items + 1,), where each row starts.
    """

    data: Float32
    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]

    @property
    def n_items(self) -> int:
        """Return the number of rows and of columns."""
        return len(self.indptr) - 1

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the three arrays of the CSR layout."""
        return {"data": self.data, "indices": self.indices, "indptr": self.indptr}

    def weighted_row_sum(self, item_indices: Indices, weights: Float32) -> Float32:
        """Return ``weights @ matrix[item_indices]``, float32, (n_items,); zeros for no row."""
        columns, values, lengths = self._stored(item_indices)
        values *= np.repeat(weights, lengths)
        return np.bincount(columns, weights=values, minlength=self.n_items).astype(np.float32)

    def row(self, item_index: int) -> Float32:
        """Return one row, dense float32, (n_items,)."""
        dense = np.zeros(self.n_items, dtype=np.float32)
        span = slice(self.indptr[item_index], self.indptr[item_index + 1])
        dense[self.indices[span]] = self.data[span]
        return dense

    def block(self, item_indices: Indices, columns: Indices) -> Float32:
        """Return ``matrix[item_indices][:, columns]``, dense float32, (n_rows, n_columns); no column twice."""
        stored, values, lengths = self._stored(item_indices)
        # One look-up for each stored entry, however many columns are wanted.
        place = np.zeros(self.n_items, dtype=np.int32)
        place[columns] = np.arange(1, len(columns) + 1)
        found = place[stored]
        hits = np.flatnonzero(found)
        rows = np.repeat(np.arange(len(item_indices)), lengths)
        block = np.zeros((len(item_indices), len(columns)), dtype=np.float32)
        block[rows[hits], found[hits] - 1] = values[hits]
        return block

    def _stored(self, item_indices: Indices) -> tuple[NDArray[np.int32], Float32, Indices]:
        """Return copies of the columns and values of some rows, one row after the other, and the rows' lengths."""
        starts, stops = self.indptr[item_indices], self.indptr[item_indices + 1]
        spans = [slice(start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        # The empty piece is for the case of no row.
        columns = np.concatenate([self.indices[:0], *(self.indices[span] for span in spans)])
        values = np.concatenate([self.data[:0], *(self.data[span] for span in spans)])
        return columns, values, stops - starts


def matrix_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> ItemMatrix:
    """Return the matrix that these arrays hold: the inverse of `ItemMatrix.arrays`."""
    if "values" in arrays:
        return DenseItemMatrix(**arrays)
    if "indptr" in arrays:
        return SparseItemMatrix(**arrays)
    return FactorItemMatrix(**arrays) if "order" in arrays else FactorSimilarity(**arrays)
