"""Cosine between the content of movies: genres and year of release."""

import numpy as np
from pydantic import Field

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.methods.base import FittedItems, Method, MethodParams
from recsys.methods.content_features import genre_flags, unit_rows, year_bumps
from recsys.methods.neighborhoods import item_matrix
from recsys.methods.rating_source import RatingSource
from recsys.methods.search_space import Floats


class ContentCosineParams(MethodParams):
    """Parameters of `content-cosine`."""

    year_weight: float = Field(0.5, ge=0, le=10, description="weight of the year beside the genres; 0 ignores it")
    year_width: float = Field(5.0, gt=0, le=50, description="how far apart years still look alike, years")


def fit(dataset: Dataset, params: ContentCosineParams) -> FittedItems:
    """Return the cosine of (genres, year) vectors, dense or top neighbors, as weights and as similarity.

    Genres form one unit vector and the year another; the cosine is taken over both. Movies without known content are
    similar to none. Ratings are not looked at.
    """
    return _fitted(dataset.catalog, params)


def fit_source(_ratings: RatingSource, catalog: Catalog, params: ContentCosineParams) -> FittedItems:
    """Return the same as `fit`, wherever the ratings lie."""
    return _fitted(catalog, params)


def _fitted(catalog: Catalog, params: ContentCosineParams) -> FittedItems:
    genres = unit_rows(genre_flags(catalog))
    years = year_bumps(catalog, width=params.year_width)
    features = unit_rows(np.hstack([genres, np.float32(params.year_weight) * years]))
    similarity = item_matrix(lambda rows: (features[rows] @ features.T).clip(0, 1), catalog.n_items)
    return FittedItems(item_weights=similarity, item_similarity=similarity)


SEARCH_SPACE = {"year_weight": Floats(0.0, 3.0), "year_width": Floats(1.0, 30.0, log=True)}

METHOD = Method("content-cosine", ContentCosineParams, fit, SEARCH_SPACE, fit_source)
