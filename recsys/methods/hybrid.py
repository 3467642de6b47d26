"""Ratings and content in one low-pass filter: the default method.

Genres and years join the ratings as additional rows, like users who watch nothing but comedies, or nothing but films of
1994. So a movie without a single rating has its place among those of its kind. For the filter and its papers see
`recsys.methods.low_pass`; content as additional rows of a linear model is after Jeunen et al. (2020),
DOI 10.1145/3383313.3418480.
"""

import numpy as np
from pydantic import Field

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.methods.base import FittedItems, Method, MethodParams
from recsys.methods.content_features import genre_flags, unit_rows, year_bumps
from recsys.methods.low_pass import low_pass
from recsys.methods.rating_source import CsrRatings, RatingSource
from recsys.methods.search_space import Floats
from recsys.methods.smoothers import fitted_factors

YEAR_WIDTH = 5.0
"""How far apart years look alike, years."""
CONTENT_SIMILARITY = 0.35
"""Share of plain likeness of genres and years in the similarity, which has no part in recommending. Chosen by eye on
lists of well-known films (``python -m benchmarks similar``): at 0.2 films resemble whatever was rated in the same
season, at 0.5 obscure films of the same genres come up."""


class HybridParams(MethodParams):
    """Parameters of `hybrid`."""

    balance: float = Field(0.3, ge=0, le=1)
    """How far the numbers of ratings of users and movies are divided out: 0 is a plain SVD, 0.5 the graph Laplacian."""
    noise: float = Field(1.0, gt=0, le=10)
    """Multiple of the noise edge above which an eigenvalue counts as signal; larger is smoother."""
    content: float = Field(1.0, ge=0, le=100)
    """How many ratings the genres of a movie are worth, and its year likewise; 0 is `spectral`."""


def fit(dataset: Dataset, params: HybridParams) -> FittedItems:
    """Return the smoother of ratings and content as weights, and the shrunk cosine in its space as similarity.

    The similarity has a share of plain likeness of content, so that it makes sense for movies with few ratings too.
    """
    return fit_source(CsrRatings(dataset), dataset.catalog, params)


def fit_source(ratings: RatingSource, catalog: Catalog, params: HybridParams) -> FittedItems:
    """Return the same as `fit` from ratings wherever they lie."""
    genres = unit_rows(genre_flags(catalog))
    years = year_bumps(catalog, width=YEAR_WIDTH)
    features = np.hstack([genres, years])
    passed = low_pass(ratings, np.float32(params.content) * features, balance=params.balance, noise=params.noise)
    return fitted_factors(
        passed.factors,
        row_scale=passed.item_scale,
        column_scale=np.reciprocal(passed.item_scale),
        features=features / np.float32(np.sqrt(2)),
        share=CONTENT_SIMILARITY if params.content else 0,
    )


SEARCH_SPACE = {"balance": Floats(0.0, 0.5), "noise": Floats(0.3, 3.0, log=True), "content": Floats(0.0, 5.0)}

METHOD = Method("hybrid", HybridParams, fit, SEARCH_SPACE, fit_source)
