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

from recsys.methods.rating_weights import rating_weights

NEGLIGIBLE = 0.01
"""Filter values below this are dropped."""
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
    stacked = sp.vstack([balanced, sp.csr_array(features.T.astype(np.float64))], format="csr")
    eigenvalues, vectors = _spectrum(stacked)
    noise_edge = noise * (np.sqrt(mean_user) + np.sqrt(mean_item)) ** 2
    n_signal = max(int(np.count_nonzero(eigenvalues > noise_edge)), 1)
    rank = np.searchsorted(-eigenvalues, -eigenvalues * (1 + 1e-9))  # ties share a rank, whatever their order
    passed = 1 / (1 + (rank / n_signal) ** 2)
    kept = passed >= NEGLIGIBLE
    factors = vectors[:, kept] * np.sqrt(passed[kept])
    return LowPass(np.ascontiguousarray(factors, dtype=np.float32), item_scale.astype(np.float32))


def _mean_positive(counts: NDArray[np.int64]) -> float:
    return float(counts[counts > 0].mean()) if counts.any() else 1.0


def _spectrum(stacked: sp.csr_array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the positive eigenvalues of ``stacked.T @ stacked``, descending, and their vectors as columns."""
    n_rows, n_items = stacked.shape
    if stacked.nnz == 0:
        return np.zeros(0), np.zeros((n_items, 0))
    if min(n_rows, n_items) > DENSE_SIDE:
        # A fixed start makes ARPACK repeatable; all ones is never orthogonal to the leading vector of positive rows.
        _, singular, transposed = sp.linalg.svds(stacked, k=MAX_RANK, v0=np.ones(min(n_rows, n_items)))
        order = np.argsort(-singular)
        return singular[order] ** 2, transposed[order].T
    wide = n_rows < n_items
    gram = (stacked @ stacked.T if wide else stacked.T @ stacked).toarray()
    ascending, columns = scipy.linalg.eigh(gram, overwrite_a=True, check_finite=False, driver="evd")
    eigenvalues, vectors = ascending[::-1], columns[:, ::-1]
    positive = eigenvalues > 1e-10 * eigenvalues[0]
    eigenvalues, vectors = eigenvalues[positive], vectors[:, positive]
    return eigenvalues, (stacked.T @ vectors) / np.sqrt(eigenvalues) if wide else vectors
