"""The same movies for everyone: those that are popular lately."""

import numpy as np
import scipy.sparse as sp

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.methods.base import FittedItems, Method, MethodParams
from recsys.methods.neighborhoods import from_csr
from recsys.methods.rating_source import RatingSource


class PopularityParams(MethodParams):
    """`popularity` has no parameters of its own."""


def fit(dataset: Dataset, params: PopularityParams) -> FittedItems:  # noqa: ARG001
    """Return empty matrices: no movie speaks for another, so every list falls back on what is popular lately."""
    return _empty(dataset.n_items)


def fit_source(ratings: RatingSource, catalog: Catalog, params: PopularityParams) -> FittedItems:  # noqa: ARG001
    """Return the same as `fit`, wherever the ratings lie."""
    return _empty(catalog.n_items)


def _empty(n_items: int) -> FittedItems:
    nothing = from_csr(sp.csr_array((n_items, n_items), dtype=np.float32))
    return FittedItems(item_weights=nothing, item_similarity=nothing)


METHOD = Method("popularity", PopularityParams, fit, fit_source=fit_source)
