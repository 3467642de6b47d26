"""A low-pass filter over the ratings, see `recsys.methods.low_pass` for the papers."""

import numpy as np
from pydantic import Field

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.methods.base import FittedItems, Method, MethodParams
from recsys.methods.low_pass import low_pass
from recsys.methods.rating_source import CsrRatings, RatingSource
from recsys.methods.search_space import Floats
from recsys.methods.smoothers import fitted_factors


class SpectralParams(MethodParams):
    """Parameters of `spectral`."""

    balance: float = Field(0.3, ge=0, le=1)
    """How far the numbers of ratings of users and movies are divided out: 0 is a plain SVD, 0.5 the graph Laplacian."""
    noise: float = Field(1.0, gt=0, le=10)
    """Multiple of the noise edge above which an eigenvalue counts as signal; larger is smoother."""


def fit(dataset: Dataset, params: SpectralParams) -> FittedItems:
    """Return the smoother as weights, and the shrunk cosine in its space as similarity.

    A movie without ratings has neither.
    """
    return fit_source(CsrRatings(dataset), dataset.catalog, params)


def fit_source(ratings: RatingSource, catalog: Catalog, params: SpectralParams) -> FittedItems:
    """Return the same as `fit` from ratings wherever they lie."""
    no_features = np.zeros((catalog.n_items, 0), dtype=np.float32)
    passed = low_pass(ratings, no_features, balance=params.balance, noise=params.noise)
    return fitted_factors(passed.factors, row_scale=passed.item_scale, column_scale=np.reciprocal(passed.item_scale))


SEARCH_SPACE = {"balance": Floats(0.0, 0.5), "noise": Floats(0.3, 3.0, log=True)}

METHOD = Method("spectral", SpectralParams, fit, SEARCH_SPACE, fit_source)
