"""From a smoother to what a method returns.

A smoother is a symmetric, positive semi-definite (n_items, n_items) matrix that turns a user's ratings into denoised
ones. It is given by its factors, ``factors @ factors.T``, so that a large catalogue is never spelled out whole.
"""

import numpy as np

from recsys.item_matrix import ItemMatrix
from recsys.methods.neighborhoods import Float32, item_matrix, symmetric

SIMILARITY_SHRINKAGE = 0.5
"""In units of the mean movie's leverage: keeps movies with little evidence from looking like anything."""


def smoother_weights(factors: Float32, item_scale: Float32) -> ItemMatrix:
    """Return ``item_scale_i * smoother_ij / item_scale_j``, its diagonal zero.

    Parameters
    ----------
    factors
        float32, (n_items, rank).
    item_scale
        float32, (n_items,), positive: what a rating of each movie was multiplied with before smoothing.
    """
    return _without_diagonal(item_scale[:, None] * factors, factors / item_scale[:, None])


def smoother_similarity(factors: Float32, features: Float32 | None = None, *, share: float = 0.0) -> ItemMatrix:
    """Return the cosine in the smoothed space, shrunk for movies with little evidence, float32 in [0, 1].

    Parameters
    ----------
    factors
        float32, (n_items, rank).
    features
        float32, (n_items, n_features), of norm 1 or 0 each: content, mixed in by ``share``.
    share
        Weight of the content, 0 to 1.
    """
    leverage = np.einsum("ij,ij->i", factors, factors)
    shrunk = np.sqrt(leverage + SIMILARITY_SHRINKAGE * leverage.mean())
    unit = factors / np.where(shrunk > 0, shrunk, 1)[:, None]

    def rows(block: slice) -> Float32:
        similarity: Float32 = (unit[block] @ unit.T).clip(0, 1)
        if features is not None:
            similarity = np.float32(1 - share) * similarity + np.float32(share) * (features[block] @ features.T)
        return similarity.clip(0, 1)

    return symmetric(item_matrix(rows, len(factors)))


def _without_diagonal(left: Float32, right: Float32) -> ItemMatrix:
    def rows(block: slice) -> Float32:
        product: Float32 = left[block] @ right.T
        own = np.arange(block.start, block.stop)
        product[own - block.start, own] = 0
        return product

    return item_matrix(rows, len(left))
