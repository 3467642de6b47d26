"""EASE: ridge regression of every movie on all others, in closed form.

Steck (2019), "Embarrassingly Shallow Autoencoders for Sparse Data", DOI 10.1145/3308558.3313710.
"""

from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray
from pydantic import Field

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.errors import ParameterError
from recsys.methods.base import FittedItems, Method, MethodParams
from recsys.methods.neighborhoods import Float32, RowBlock
from recsys.methods.products import gram
from recsys.methods.rating_source import RatingSource
from recsys.methods.rating_weights import rating_weights
from recsys.methods.search_space import Floats
from recsys.methods.smoothers import factored, fitted_smoother


class EaseParams(MethodParams):
    """Parameters of `ease`."""

    l2: float = Field(500.0, ge=1, le=1e6)
    """Ridge penalty, in ratings: a movie with fewer says little."""
    max_items: int = Field(8000, ge=1, le=50_000)
    """Movies that are included, the most rated; time grows with the cube of it, memory with the square."""


def fit(dataset: Dataset, params: EaseParams) -> FittedItems:
    """Return EASE's weights, and the shrunk cosine of the ridge smoother as similarity.

    With the ridge smoother ``K = (X'X + l2)^-1 X'X`` the weights are ``K_ij / (1 - K_jj)`` off the diagonal: the ridge
    prediction of a movie, corrected for having seen that movie. A movie without ratings has neither.
    """
    return _fitted(*_ridge_smoother(rating_weights(dataset.user_items), params))


def fit_source(ratings: RatingSource, catalog: Catalog, params: EaseParams) -> FittedItems:
    """Return the same as `fit` from ratings wherever they lie, for catalogs of up to ``max_items`` movies.

    Raises
    ------
    ParameterError
        For a larger catalog: the equations among all its movies would be gathered in one place.
    """
    if catalog.n_items > params.max_items:
        raise ParameterError(
            f"ease solves equations among all {catalog.n_items:,} movies, on a cluster at most max_items="
            f"{params.max_items:,}; use the method hybrid, or raise max_items"
        )
    products = ratings.weighted(0.0).gram().astype(np.float64)
    return _fitted(*_solved_among_items(products, np.arange(catalog.n_items), catalog.n_items, params.l2))


def _fitted(smoother: RowBlock, leverage: Float32) -> FittedItems:
    return fitted_smoother(
        smoother, leverage, row_scale=np.ones_like(leverage), column_scale=np.reciprocal(1 - leverage)
    )


def _ridge_smoother(weights: sp.csr_array, params: EaseParams) -> tuple[RowBlock, Float32]:
    """Return the rows of the smoother, by block, and its diagonal, float32, (n_items,).

    The equations are solved among the users where these are fewer than the movies.
    """
    n_users, n_items = weights.shape
    if n_users < min(n_items, params.max_items):
        return _solved_among_users(weights, params.l2)
    n_rated = np.bincount(weights.indices, minlength=n_items)
    most_rated = np.sort(np.argsort(-n_rated, kind="stable")[: params.max_items])
    return _solved_among_items(gram(weights[:, most_rated]), most_rated, n_items, params.l2)


def _solved_among_users(weights: sp.csr_array, l2: float) -> tuple[RowBlock, Float32]:
    """Return ``X' (XX' + l2)^-1 X`` as the product of ``L^-1 X`` with itself, ``L`` the Cholesky factor."""
    by_item = weights.T.tocsr().astype(np.float32)
    ridge = _ridge(gram(by_item), l2)
    lower = scipy.linalg.cholesky(ridge, lower=True, overwrite_a=True, check_finite=False)
    users_items = by_item.T.toarray(order="F")
    factors = scipy.linalg.solve_triangular(lower, users_items, lower=True, overwrite_b=True, check_finite=False)
    return factored(np.ascontiguousarray(factors.T))


def _solved_among_items(
    products: NDArray[Any], item_indices: NDArray[np.int64], n_items: int, l2: float
) -> tuple[RowBlock, Float32]:
    """Return the same of the chosen movies, from the products of their ratings, (n_chosen, n_chosen)."""
    ridge = _ridge(products.copy(), l2)
    solved = scipy.linalg.solve(ridge, products, assume_a="pos", overwrite_a=True, overwrite_b=True, check_finite=False)
    leverage = np.zeros(n_items, dtype=np.float32)
    leverage[item_indices] = np.diag(solved)

    def rows(block: slice) -> Float32:
        dense = np.zeros((block.stop - block.start, n_items), dtype=np.float32)
        first, last = np.searchsorted(item_indices, (block.start, block.stop))
        dense[np.ix_(item_indices[first:last] - block.start, item_indices)] = solved[first:last]
        return dense

    return rows, leverage


def _ridge(products: NDArray[Any], l2: float) -> NDArray[Any]:
    products[np.diag_indices_from(products)] += l2
    return products


SEARCH_SPACE = {"l2": Floats(10.0, 10_000.0, log=True)}

METHOD = Method("ease", EaseParams, fit, SEARCH_SPACE, fit_source)
