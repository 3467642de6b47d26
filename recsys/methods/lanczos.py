"""The leading eigenvectors of a matrix that is known by its products with thin matrices: block Lanczos.

Golub & Underwood (1977), with every new block made orthogonal to all earlier ones, twice ("twice is enough": Giraud et
al. 2005, DOI 10.1007/s00211-005-0615-4), so that single precision suffices. A block is made orthonormal by its own Gram
matrix, which also tells which of its directions are used up (Stathopoulos & Wu 2002, DOI 10.1137/S1064827500370883).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.methods.rating_source import Float32, GramOperator

BLOCK = 64
"""Columns of one product: a sparse matrix is then read once for 64 multiplications of each value."""
TINY = 1e-18
ROUNDING = 1e-5
"""Relative error to expect of an eigenvalue in single precision, which takes a third of the time of double."""


class Spectrum(NamedTuple):
    """Eigenvalues and eigenvectors.

    Attributes
    ----------
    eigenvalues
        float32, (rank,), positive, descending.
    vectors
        float32, (n_items, rank), orthonormal columns.
    """

    eigenvalues: Float32
    vectors: Float32


class BlockLanczos:
    """A basis of the space of the leading eigenvectors, which grows until it is good enough.

    Parameters
    ----------
    gram
        A symmetric, positive semi-definite matrix.
    block
        Columns of one product.
    """

    def __init__(self, gram: GramOperator, *, block: int = BLOCK) -> None:
        self._gram = gram
        self._basis: list[Float32] = []
        self._products: list[NDArray[np.float64]] = []
        start = np.random.default_rng(0).normal(size=(gram.n_items, min(block, gram.n_items))).astype(np.float32)
        # The leading vector of positive rows is positive, so this direction holds most of it.
        start[:, 0] = 1
        self._next = _orthonormal(start, 0.0)
        self._largest = 0.0

    @property
    def dimension(self) -> int:
        """Return the number of vectors of the basis."""
        return sum(block.shape[1] for block in self._basis)

    @property
    def is_exhausted(self) -> bool:
        """Return whether the basis holds all eigenvectors with an eigenvalue that differs from zero."""
        return not self._next.size

    def grow(self, dimension: int) -> None:
        """Enlarge the basis to a dimension at least, or until it is exhausted."""
        while self.dimension < dimension and not self.is_exhausted:
            self._step()

    def _step(self) -> None:
        block = self._next
        self._basis.append(block)
        product = self._gram.gram_product(block)
        # Of each column of the projected matrix the part above the diagonal; the rest is its mirror.
        self._products.append(np.vstack([earlier.T @ product for earlier in self._basis]).astype(np.float64))
        self._largest = max(self._largest, float(np.sqrt(np.einsum("ij,ij->j", product, product).max())))
        residual = product
        for _ in range(2):
            for earlier in self._basis:
                residual -= earlier @ (earlier.T @ residual)
        self._next = _orthonormal(residual, ROUNDING * self._largest)
        for earlier in self._basis:
            self._next -= earlier @ (earlier.T @ self._next)

    def eigenvalues(self) -> Float32:
        """Return what the basis tells of the eigenvalues, float32, descending: the leading ones best."""
        return self._eigh()[0]

    def spectrum(self, rank: int | None = None) -> Spectrum:
        """Return the leading eigenvectors that the basis holds, all positive ones where no rank is given."""
        eigenvalues, coefficients = self._eigh()
        coefficients = coefficients[:, :rank]
        bounds = np.cumsum([0, *(block.shape[1] for block in self._basis)])
        vectors = np.zeros((self._gram.n_items, coefficients.shape[1]), dtype=np.float32)
        for block, start, stop in zip(self._basis, bounds[:-1], bounds[1:], strict=True):
            vectors += block @ coefficients[start:stop]
        return Spectrum(eigenvalues[:rank], vectors)

    def _eigh(self) -> tuple[Float32, Float32]:
        """Return the positive eigenvalues of the projected matrix, descending, and their vectors in the basis."""
        ascending, columns = np.linalg.eigh(self._projected(), UPLO="U")
        eigenvalues, coefficients = ascending[::-1], columns[:, ::-1]
        positive = eigenvalues > ROUNDING * max(eigenvalues.max(initial=0.0), 0.0)
        return eigenvalues[positive].astype(np.float32), coefficients[:, positive].astype(np.float32)

    def _projected(self) -> NDArray[np.float64]:
        """Return the matrix as it acts on the basis, float64, (dimension, dimension), its upper triangle."""
        projected = np.zeros((self.dimension, self.dimension))
        stop = 0
        for columns in self._products:
            start, stop = stop, len(columns)
            projected[:stop, start:stop] = columns
        return projected


def _orthonormal(block: Float32, negligible: float) -> Float32:
    """Return an orthonormal basis of the columns, float32, without the directions of a norm that is negligible."""
    for least in (negligible, 0.5):  # after the first pass each column has norm 1, give or take rounding
        squares, directions = np.linalg.eigh((block.T @ block).astype(np.float64))
        kept = squares > max(least, TINY) ** 2
        block = block @ (directions[:, kept] / np.sqrt(squares[kept])).astype(np.float32)
    return block
