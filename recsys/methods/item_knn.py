"""Item-based nearest neighbors: movies are alike when the same users have rated them.

Sarwar et al. (2001), DOI 10.1145/371920.372071; shrinkage as in Ferrari Dacrema et al. (2019),
DOI 10.1145/3298689.3347058; BM25 as in Robertson & Zaragoza (2009), DOI 10.1561/1500000019.
"""

from typing import Literal

import numpy as np
import scipy.sparse as sp
from pydantic import Field

from recsys.data.dataset import Dataset
from recsys.item_matrix import DenseItemMatrix, ItemMatrix
from recsys.methods import neighborhoods
from recsys.methods.base import FittedItems, Method, MethodParams
from recsys.methods.search_space import Floats, Integers, OneOf, SearchRange
from recsys.methods.shrunk_cosine import ShrunkCosine

BM25_K1, BM25_B = 1.2, 0.75


class ItemKnnParams(MethodParams):
    """Parameters of `item-knn`."""

    weighting: Literal["cosine", "tfidf", "bm25"] = "tfidf"
    """How a rating counts: ``cosine`` as stars, the others less the more movies its user has rated."""
    shrinkage: float = Field(100.0, ge=0, le=10_000, description="added to the product of norms; mutes rare movies")
    n_neighbors: int = Field(200, ge=1, le=10_000, description="nearest movies that may speak for each movie")


def fit(dataset: Dataset, params: ItemKnnParams) -> FittedItems:
    """Return the shrunk cosine of the weighted rating columns.

    ``s_ij = x_i . x_j / (|x_i| |x_j| + shrinkage)`` with ``x`` the columns of the weighted ratings. The similarity
    is this; of the weights, each column keeps the ``n_neighbors`` largest: those that speak for its movie.
    A movie without ratings is similar to none.
    """
    cosine = ShrunkCosine(weighted(dataset.user_items, params.weighting), params.shrinkage)
    similarity: ItemMatrix
    if dataset.n_items <= neighborhoods.DENSE_ITEMS:
        similarity = DenseItemMatrix(cosine.rows(slice(None)))
    else:
        nearest = cosine.nearest(max(params.n_neighbors, neighborhoods.SPARSE_NEIGHBORS))
        similarity = neighborhoods.symmetrized(neighborhoods.from_csr(nearest))
    return FittedItems(
        item_weights=neighborhoods.nearest_of_each(similarity, params.n_neighbors), item_similarity=similarity
    )


def weighted(user_items: sp.csr_array, weighting: str) -> sp.csr_array:
    """Return the ratings reweighted, CSR float32, (n_users, n_items).

    A user plays the part of a term and a movie that of a document: who rates everything says little about each.
    """
    if weighting == "cosine":
        return user_items
    n_users, n_items = user_items.shape
    n_rated = np.diff(user_items.indptr)
    idf = np.log1p(n_items) - np.log1p(n_rated)
    stars = user_items.data
    if weighting == "tfidf":
        strength = np.sqrt(stars)
    else:
        lengths = np.asarray(user_items.sum(axis=0))[user_items.indices]
        norm = 1 - BM25_B + BM25_B * lengths / lengths.mean()
        strength = stars * (BM25_K1 + 1) / (BM25_K1 * norm + stars)
    data = (strength * np.repeat(idf, n_rated)).astype(np.float32)
    return sp.csr_array((data, user_items.indices, user_items.indptr), shape=(n_users, n_items))


SEARCH_SPACE: dict[str, SearchRange] = {
    "weighting": OneOf(("cosine", "tfidf", "bm25")),
    "shrinkage": Floats(1.0, 1000.0, log=True),
    "n_neighbors": Integers(5, 10_000, log=True),
}

METHOD = Method("item-knn", ItemKnnParams, fit, SEARCH_SPACE)
