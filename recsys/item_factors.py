"""Item-item matrices kept as thin factors: exact, and a sixth of the size of 200 neighbors a movie.

NumPy only: a serving worker opens them memory-mapped and imports nothing heavier.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Indices = NDArray[np.int64]

FIRST_ROWS = 1024
"""Looked at first by a scan; then twice as many each time, as most scans end early."""
SLACK = 1e-4
"""Relative: bounds and scores are rounded, so that a score may lie above its bound by less than this."""


@dataclass(frozen=True, eq=False)
class FactorItemMatrix:
    """A matrix ``row_scale_i * (f_i . f_j)`` off the diagonal, zero on it, of float32 vectors f.

    Attributes
    ----------
    factors
        C-ordered float32, (n_items, rank), the vectors, the longest first.
    order
        int32, (n_items,), the item index of each row of ``factors``.
    row_scale
        float32, (n_items,), by item index.
    """

    factors: Float32
    order: NDArray[np.int32]
    row_scale: Float32

    @classmethod
    def of(cls, factors: Float32, row_scale: Float32) -> "FactorItemMatrix":
        """Return the matrix of vectors that are given by item index, float32, (n_items, rank), and their scale."""
        order = np.argsort(-np.einsum("ij,ij->i", factors, factors), kind="stable")
        return cls(np.ascontiguousarray(factors[order]), order.astype(np.int32), row_scale.astype(np.float32))

    @property
    def n_items(self) -> int:
        """Return the number of rows and of columns."""
        return len(self.order)

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the three arrays."""
        return {"factors": self.factors, "order": self.order, "row_scale": self.row_scale}

    @cached_property
    def place(self) -> NDArray[np.int32]:
        """Return the row of ``factors`` of each item, int32, (n_items,)."""
        place = np.empty_like(self.order)
        place[self.order] = np.arange(self.n_items, dtype=np.int32)
        return place

    @cached_property
    def by_item(self) -> Float32:
        """Return the vectors by item index, float32, (n_items, rank), a copy: for many users at once."""
        vectors: Float32 = self.factors[self.place]
        return vectors

    @cached_property
    def squares(self) -> Float32:
        """Return the squared length of each item's vector, float32, (n_items,)."""
        squares: Float32 = np.einsum("ij,ij->i", self.factors, self.factors)[self.place]
        return squares

    @cached_property
    def _lengths(self) -> Float32:
        return np.sqrt(self.squares[self.order])

    def weighted_row_sum(self, item_indices: Indices, weights: Float32) -> Float32:
        """Return ``weights @ matrix[item_indices]``, float32, (n_items,); zeros for no row."""
        scores = np.empty(self.n_items, dtype=np.float32)
        scaled = weights * self.row_scale[item_indices]
        scores[self.order] = self.factors @ self._summed(item_indices, scaled)
        scores[item_indices] -= scaled * self.squares[item_indices]
        return scores

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
        """Return the same as `weighted_row_sum`, -inf where a movie is certainly not among the leading ones.

        No score exceeds ``|sum of the history's vectors| * |f_j|`` (Cauchy-Schwarz). As the vectors come in descending
        length, all further ones are ruled out together once enough better movies have been found, as in LEMP (Teflioudi
        et al. 2015, DOI 10.1145/2723372.2747647). The parameters are those of `recsys.item_matrix.ItemMatrix`.
        """
        scaled = weights * self.row_scale[item_indices]
        summed = self._summed(item_indices, scaled)
        reach = float(np.sqrt(summed @ summed)) * (1 + SLACK)
        scores = np.full(self.n_items, -np.inf, dtype=np.float32)
        is_candidate = np.ones(self.n_items, dtype=np.bool_) if allowed is None else allowed.copy()
        is_candidate[blocked] = False
        best = np.zeros(0, dtype=np.float32)
        for rows, longest in self._scan(factors):
            if len(best) == n_leading and best[0] > reach * longest:
                break
            items, found = self.order[rows], self.factors[rows] @ summed
            scores[items] = found
            raised = found if factors is None else found * factors[items]
            best = _largest(np.concatenate([best, raised[is_candidate[items]]]), n_leading)
        own = scores[item_indices] > -np.inf
        scores[item_indices[own]] -= (scaled * self.squares[item_indices])[own]
        return scores

    def _scan(self, factors: Float32 | None) -> Iterator[tuple[slice, float]]:
        """Yield rows of ``factors`` to look at, and the longest vector from there on, raised by its factor."""
        starts = [0]
        while starts[-1] < self.n_items:
            starts.append(max(FIRST_ROWS, 2 * starts[-1]))
        starts[-1] = self.n_items
        longest: list[float] = self._lengths[starts[:-1]].tolist()
        if factors is not None:
            raised = np.maximum.reduceat(self._lengths * factors[self.order], starts[:-1])
            longest = np.maximum.accumulate(raised[::-1])[::-1].tolist()
        for start, stop, length in zip(starts[:-1], starts[1:], longest, strict=True):
            yield slice(start, stop), length

    def _summed(self, item_indices: Indices, scaled: Float32) -> Float32:
        """Return the sum of the scaled vectors of some items, float32, (rank,)."""
        summed: Float32 = scaled @ self.factors[self.place[item_indices]]
        return summed

    def row(self, item_index: int) -> Float32:
        """Return one row, dense float32, (n_items,)."""
        return self.weighted_row_sum(np.array([item_index]), np.ones(1, dtype=np.float32))

    def block(self, item_indices: Indices, columns: Indices) -> Float32:
        """Return ``matrix[item_indices][:, columns]``, dense float32, (n_rows, n_columns)."""
        vectors: Float32 = self.factors[self.place[item_indices]] * self.row_scale[item_indices, None]
        block: Float32 = vectors @ self.factors[self.place[columns]].T
        block[item_indices[:, None] == columns] = 0
        return block


def _largest(values: Float32, n: int) -> Float32:
    """Return the n largest values, the least of them first; all of them, in any order, when there are fewer."""
    if len(values) < n:
        return values
    values.partition(len(values) - n)
    return values[len(values) - n :]


@dataclass(frozen=True, eq=False)
class FactorSimilarity:
    """A symmetric matrix in [0, 1]: ``clip(f_i . f_j, 0, 1) + c_i . c_j``, at most 1, of vectors f and content c.

    Attributes
    ----------
    factors
        C-ordered float32, (n_items, rank).
    content
        C-ordered float32, (n_items, n_features), not negative.
    """

    factors: Float32
    content: Float32

    @property
    def n_items(self) -> int:
        """Return the number of rows and of columns."""
        return len(self.factors)

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the two arrays."""
        return {"factors": self.factors, "content": self.content}

    def leading_scores(self, item_indices: Indices, weights: Float32, *_: Any, **__: Any) -> Float32:
        """Return `weighted_row_sum`: no score is left out."""
        return self.weighted_row_sum(item_indices, weights)

    def weighted_row_sum(self, item_indices: Indices, weights: Float32) -> Float32:
        """Return ``weights @ matrix[item_indices]``, float32, (n_items,); zeros for no row."""
        total = np.zeros(self.n_items, dtype=np.float32)
        for item_index, weight in zip(item_indices.tolist(), weights, strict=True):
            total += weight * self.row(item_index)
        return total

    def row(self, item_index: int) -> Float32:
        """Return one row, dense float32, (n_items,)."""
        return self._likeness(self.factors @ self.factors[item_index], self.content @ self.content[item_index])

    def block(self, item_indices: Indices, columns: Indices) -> Float32:
        """Return ``matrix[item_indices][:, columns]``, dense float32, (n_rows, n_columns)."""
        return self._likeness(
            self.factors[item_indices] @ self.factors[columns].T, self.content[item_indices] @ self.content[columns].T
        )

    @staticmethod
    def _likeness(of_factors: Float32, of_content: Float32) -> Float32:
        of_factors.clip(0, 1, out=of_factors)
        of_factors += of_content
        return np.minimum(of_factors, 1, out=of_factors)
