"""From a smoother to what a method returns.

A smoother is a symmetric, positive semi-definite (n_items, n_items) matrix that turns a user's ratings into denoised
ones. It is asked for by blocks of rows, so that a large catalog is never spelled out whole.
"""

import numpy as np

from recsys.item_factors import FactorItemMatrix, FactorSimilarity
from recsys.methods import neighborhoods
from recsys.methods.base import FittedItems
from recsys.methods.neighborhoods import Float32, RowBlock, item_matrices, symmetrized
from recsys.methods.rating_weights import RATING_EXPONENT

SIMILARITY_SHRINKAGE = 0.5
"""In units of the mean movie's leverage: keeps movies with little evidence from looking like anything."""


def fitted_smoother(
    smoother: RowBlock,
    leverage: Float32,
    *,
    row_scale: Float32,
    column_scale: Float32,
    features: Float32 | None = None,
    share: float = 0.0,
) -> FittedItems:
    """Return a smoother scaled as weights, and the shrunk cosine in its space as similarity.

    Parameters
    ----------
    smoother
        Returns a block of its rows, float32, (n_rows, n_items), which may be written over.
    leverage
        float32, (n_items,), its diagonal.
    row_scale, column_scale
        float32, (n_items,): the weights are ``row_scale_i * smoother_ij * column_scale_j``, their diagonal zero.
    features
        float32, (n_items, n_features), of norm 1 or 0 each: content, mixed into the similarity.
    share
        Weight of the content there, 0 to 1.
    """
    unit = _unit_scale(leverage)

    def rows(block: slice) -> tuple[Float32, Float32]:
        similarity = smoother(block)
        weights = similarity * row_scale[block, None]
        weights *= column_scale
        own = np.arange(block.start, block.stop)
        weights[own - block.start, own] = 0
        similarity *= np.float32(1 - share) * unit[block, None]
        similarity *= unit
        similarity.clip(0, 1, out=similarity)
        if features is not None and share > 0:
            similarity += np.float32(share) * (features[block] @ features.T)
            np.minimum(similarity, 1, out=similarity)
        return weights, similarity

    item_weights, item_similarity = item_matrices(rows, len(leverage))
    return FittedItems(item_weights, symmetrized(item_similarity), RATING_EXPONENT)


def fitted_factors(
    factors: Float32, *, row_scale: Float32, column_scale: Float32, features: Float32 | None = None, share: float = 0.0
) -> FittedItems:
    """Return the same of the smoother ``factors @ factors.T``, which a large catalog keeps as factors.

    Parameters
    ----------
    factors
        float32, (n_items, rank).
    row_scale, column_scale, features, share
        As in `fitted_smoother`.
    """
    n_items = len(factors)
    if n_items <= neighborhoods.DENSE_ITEMS:
        smoother, leverage = factored(factors)
        return fitted_smoother(
            smoother, leverage, row_scale=row_scale, column_scale=column_scale, features=features, share=share
        )
    weights = FactorItemMatrix.of(factors * column_scale[:, None], row_scale / column_scale)
    unit = np.sqrt(np.float32(1 - share)) * _unit_scale(np.einsum("ij,ij->i", factors, factors))
    content = np.zeros((n_items, 0), dtype=np.float32) if features is None else np.sqrt(np.float32(share)) * features
    similarity = FactorSimilarity(np.ascontiguousarray(factors * unit[:, None]), np.ascontiguousarray(content))
    return FittedItems(weights, similarity, RATING_EXPONENT)


def _unit_scale(leverage: Float32) -> Float32:
    """Return what scales vectors of these squared lengths to length 1 at most, less where there is little evidence."""
    shrunk = np.sqrt(leverage + np.float32(SIMILARITY_SHRINKAGE) * leverage.mean())
    unit: Float32 = (1 / np.where(shrunk > 0, shrunk, 1)).astype(np.float32)
    return unit


def factored(factors: Float32) -> tuple[RowBlock, Float32]:
    """Return the smoother ``factors @ factors.T`` by its rows, and its diagonal, from float32, (n_items, rank)."""
    return lambda block: factors[block] @ factors.T, np.einsum("ij,ij->i", factors, factors)
