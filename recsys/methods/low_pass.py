"""A low-pass filter over the ratings: keep what many users share, drop what looks like chance.

Ratings are balanced by how much each user and each movie has been rated, as in graph filtering (Shen et al. 2021,
DOI 10.1145/3459637.3482264). Which eigenvalues count as signal is told by ratings drawn by chance, of the same users
and movies with the same counts (parallel analysis: Horn 1965, DOI 10.1007/BF02289447), so there is no number of factors
to choose for each dataset. The edge of Marchenko and Pastur (1967, DOI 10.1070/SM1967v001n04ABEH001994), which knows no
unequal counts, is far below the true one on 25 million ratings: single popular movies exceed it, and the filter would
let everything pass.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from recsys.methods.lanczos import BLOCK, ROUNDING, BlockLanczos, Spectrum
from recsys.methods.neighborhoods import DENSE_ITEMS
from recsys.methods.rating_source import Float32, GramOperator, RatingSource, ScaledGram

RIDGE_SHARE = 0.5
"""How much of a plain ridge regression stands beside the steeper filter by rank. Among 0, 0.25, 0.5 and 1 the best on
validation parts of MovieLens 100K and of the edition of 2015 of ml-latest-small together."""
NEGLIGIBLE = 0.01
"""Filter values below this are dropped."""
FEW_ROWS = 1000
"""Of so few users, features included, the spectrum is computed whole, however many the movies."""
MIN_RANK, MAX_RANK = 64, 128
"""Bounds of the number of eigenvectors, where a catalog is too large for all of them. 256 take twice the time and are
no better on an implicit copy of MovieLens 1M, and worse on 10 million simulated ratings (nDCG@10 0.411, 128 0.418)."""
RANKS_PER_SIGNAL = 10
"""Beyond so many ranks for each signal the filter is negligible."""
BASIS_PER_RANK = 3
"""Vectors of the basis for each eigenvector that is wanted: the filter is then exact to four digits."""
EDGE_BLOCK, EDGE_BASIS = 8, 160
"""The second eigenvalue needs a deep basis, not a wide one; this one tells it to one percent."""


class LowPass(NamedTuple):
    """A filter over movies.

    Attributes
    ----------
    factors
        float32, (n_items, rank): ``factors @ factors.T`` is the smoother.
    item_scale
        float32, (n_items,), positive: what a movie's ratings were multiplied with to balance them.
    """

    factors: Float32
    item_scale: Float32


def low_pass(ratings: RatingSource, features: Float32, *, balance: float, noise: float) -> LowPass:
    """Return the low-pass filter of ratings, with features of the movies as additional rows.

    Parameters
    ----------
    ratings
        Wherever they lie.
    features
        float32, (n_items, n_features): content, its length in units of a mean rating; (n_items, 0) for none.
    balance
        Power to which the numbers of ratings of users and of movies are divided out.
    noise
        Multiple of the noise edge above which an eigenvalue counts as signal. An eigenvalue passes by
        ``1 / (1 + (rank / n_signal)^2)``, its rank among all, and half as much again by the ridge
        ``eigenvalue / (eigenvalue + edge)``, relative to that of the largest.
    """
    rated = ratings.popularity[ratings.popularity > 0]
    mean_rated = rated.mean() if len(rated) else 1.0
    item_scale = ((np.maximum(ratings.popularity, 1) / mean_rated) ** -balance).astype(np.float32)
    edge = noise * noise_edge(ratings, item_scale, balance)
    gram = ScaledGram(ratings.weighted(balance), item_scale, features)
    n_rows = ratings.n_users + features.shape[1]
    is_small = gram.n_items <= DENSE_ITEMS or n_rows <= FEW_ROWS
    spectrum = whole_spectrum(gram, n_rows) if is_small else leading_spectrum(gram, edge)
    passed = _filter(spectrum.eigenvalues, edge)
    kept = passed >= NEGLIGIBLE
    factors = spectrum.vectors[:, kept] * np.sqrt(passed[kept])
    # Of a movie of which nothing is known, rounding must not make something.
    factors[(ratings.popularity == 0) & ~features.any(axis=1)] = 0
    return LowPass(np.ascontiguousarray(factors, dtype=np.float32), item_scale)


def noise_edge(ratings: RatingSource, item_scale: Float32, balance: float) -> float:
    """Return the largest eigenvalue that chance brings about.

    It is the second one of ratings drawn by chance; the first is that of popularity, which is no noise. In small data
    single users of thousands of ratings raise it, and hide signals that the edge of Marchenko and Pastur still shows:
    so the lower of the two counts, wherever the latter can hold, which takes that no movie exceeds it by itself.
    """
    by_chance = chance_edge(ratings, item_scale, balance)
    rated = ratings.popularity[ratings.popularity > 0]
    if not len(rated):
        return by_chance
    even = float((np.sqrt(rated.sum() / ratings.n_users) + np.sqrt(rated.mean())) ** 2)
    own = float((ratings.popularity * item_scale**2).max())
    return by_chance if own > even else min(by_chance, even)


def chance_edge(ratings: RatingSource, item_scale: Float32, balance: float) -> float:
    """Return the second eigenvalue of ratings whose movies are drawn by chance."""
    no_features = np.zeros((len(item_scale), 0), dtype=np.float32)
    by_chance = BlockLanczos(ScaledGram(ratings.by_chance(balance), item_scale, no_features), block=EDGE_BLOCK)
    by_chance.grow(EDGE_BASIS)
    eigenvalues = by_chance.eigenvalues()
    return float(eigenvalues[1]) if len(eigenvalues) > 1 else 0.0


def n_signals(eigenvalues: Float32, edge: float) -> int:
    """Return how many eigenvalues exceed the noise edge, at least 1."""
    return max(int(np.count_nonzero(eigenvalues > edge)), 1)


def whole_spectrum(gram: ScaledGram, n_rows: int) -> Spectrum:
    """Return all positive eigenvalues of a small catalog, and their vectors."""
    if n_rows < gram.n_items:  # no more than so many are positive
        lanczos = BlockLanczos(gram)
        lanczos.grow(n_rows + BLOCK)  # the first block lies partly where the eigenvalues are zero
        return lanczos.spectrum()
    ascending, columns = scipy.linalg.eigh(gram.gram(), overwrite_a=True, check_finite=False, driver="evd")
    eigenvalues, vectors = ascending[::-1], columns[:, ::-1]
    positive = eigenvalues > ROUNDING * max(eigenvalues[0], 0)
    return Spectrum(eigenvalues[positive], vectors[:, positive])


def leading_spectrum(gram: GramOperator, edge: float) -> Spectrum:
    """Return the leading eigenvalues of a large catalog, as many as the filter lets pass, and their vectors."""
    lanczos = BlockLanczos(gram)
    rank, wanted = 0, MIN_RANK
    while rank < wanted:
        rank = wanted
        lanczos.grow(BASIS_PER_RANK * rank)
        wanted = min(max(RANKS_PER_SIGNAL * n_signals(lanczos.eigenvalues(), edge), rank), MAX_RANK)
    return lanczos.spectrum(rank)


def _filter(eigenvalues: Float32, edge: float) -> Float32:
    """Return how much of each eigenvector passes; eigenvalues that tie share a rank, whatever their order."""
    rank = np.searchsorted(-eigenvalues, -eigenvalues * np.float32(1 + ROUNDING))
    ridge = eigenvalues / (eigenvalues + edge)
    passed = 1 / (1 + (rank / n_signals(eigenvalues, edge)) ** 2) + RIDGE_SHARE * ridge / ridge.max(initial=0)
    filtered: Float32 = passed.astype(np.float32)
    return filtered
