"""A low-pass filter over the ratings: keep what many users share, drop what looks like chance.

Ratings are balanced by how much each user and each movie has been rated, as in graph filtering (Shen et al. 2021,
DOI 10.1145/3459637.3482264). Which eigenvalues count as signal is told by the noise edge of random matrices (Marchenko
and Pastur 1967, DOI 10.1070/SM1967v001n04ABEH001994), so there is no number of factors to choose for each dataset.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.methods.products import gram
from recsys.methods.rating_weights import rating_weights

NEGLIGIBLE = 0.01
"""Filter values below this are dropped."""
ROUNDING = 1e-5
"""Relative error to expect of an eigenvalue in single precision, which takes a third of the time of double."""
DENSE_SIDE = 6000
"""Up to this many users or movies the spectrum is computed whole."""
MAX_RANK = 600
"""Eigenvectors computed of anything larger."""


class LowPass(NamedTuple):
    """A filter over movies.

    Attributes
    ----------
    factors
        float32, (n_items, rank): ``factors @ factors.T`` is the smoother.
    item_scale
        float32, (n_items,), positive: what a movie's ratings were multiplied with to balance them.
    """

    factors: NDArray[np.float32]
    item_scale: NDArray[np.float32]


def low_pass(user_items: sp.csr_array, features: NDArray[np.float32], *, balance: float, noise: float) -> LowPass:
    """Return the low-pass filter of ratings, with features of the movies as additional rows.

    Parameters
    ----------
    user_items
        CSR float32, (n_users, n_items), stars.
    features
        float32, (n_items, n_features): content, its length in units of a mean rating; (n_items, 0) for none.
    balance
        Power to which the numbers of ratings of users and of movies are divided out.
    noise
        Multiple of the noise edge above which an eigenvalue counts as signal. The filter is
        ``1 / (1 + (rank / n_signal)^2)`` over the ranks of the eigenvalues.
    """
    per_user, per_item = np.diff(user_items.indptr), np.bincount(user_items.indices, minlength=user_items.shape[1])
    mean_user, mean_item = _mean_positive(per_user), _mean_positive(per_item)
    user_scale = (np.maximum(per_user, 1) / mean_user) ** -balance
    item_scale = (np.maximum(per_item, 1) / mean_item) ** -balance
    balanced = rating_weights(user_items).multiply(user_scale[:, None]).multiply(item_scale)
    stacked = sp.vstack([balanced, sp.csr_array(features.T)], format="csr", dtype=np.float32)
    n_rows, n_items = stacked.shape
    wide = n_rows < n_items
    narrow = stacked.T.tocsr() if wide else stacked
    eigenvalues, vectors = _spectrum(narrow)
    noise_edge = noise * (np.sqrt(mean_user) + np.sqrt(mean_item)) ** 2
    passed = _filter(eigenvalues, noise_edge)
    kept = passed >= NEGLIGIBLE
    amplitudes = np.sqrt(passed[kept])
    if wide:  # from eigenvectors over rows to those over movies
        factors = narrow @ (vectors[:, kept] * (amplitudes / np.sqrt(eigenvalues[kept])))
    else:
        factors = vectors[:, kept] * amplitudes
    return LowPass(np.ascontiguousarray(factors, dtype=np.float32), item_scale.astype(np.float32))


def _mean_positive(counts: NDArray[np.int64]) -> float:
    return float(counts[counts > 0].mean()) if counts.any() else 1.0


def _filter(eigenvalues: NDArray[np.float32], noise_edge: float) -> NDArray[np.float32]:
    """Return how much of each eigenvector passes; eigenvalues that tie share a rank, whatever their order."""
    n_signal = max(int(np.count_nonzero(eigenvalues > noise_edge)), 1)
    rank = np.searchsorted(-eigenvalues, -eigenvalues * np.float32(1 + ROUNDING))
    passed: NDArray[np.float32] = (1 / (1 + (rank / n_signal) ** 2)).astype(np.float32)
    return passed


def _spectrum(matrix: sp.csr_array) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the positive eigenvalues of ``matrix.T @ matrix``, descending, and their vectors as columns."""
    if matrix.nnz == 0:
        return np.zeros(0, np.float32), np.zeros((matrix.shape[1], 0), np.float32)
    if matrix.shape[1] > DENSE_SIDE:
        # A fixed start makes ARPACK repeatable; all ones is never orthogonal to the leading vector of positive rows.
        start = np.ones(min(matrix.shape), np.float32)
        _, singular, transposed = sp.linalg.svds(matrix, k=MAX_RANK, v0=start)
        order = np.argsort(-singular)
        return singular[order] ** 2, transposed[order].T
    ascending, columns = scipy.linalg.eigh(gram(matrix), overwrite_a=True, check_finite=False, driver="evd")
    eigenvalues, vectors = ascending[::-1], columns[:, ::-1]
    positive = eigenvalues > ROUNDING * eigenvalues[0]
    return eigenvalues[positive], vectors[:, positive]
