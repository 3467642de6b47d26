"""Jaccard index between the content of movies: the share of genres and decade that two have in common."""

import numpy as np
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.methods.base import FittedItems, Method, MethodParams
from recsys.methods.content_features import decade_flags, genre_flags
from recsys.methods.neighborhoods import item_matrix
from recsys.methods.rating_source import RatingSource
from recsys.methods.search_space import OneOf


class ContentJaccardParams(MethodParams):
    """Parameters of `content-jaccard`."""

    use_decade: bool = True
    """Count the decade of release as one more trait beside the genres."""


def fit(dataset: Dataset, params: ContentJaccardParams) -> FittedItems:
    """Return ``|A & B| / |A | B|`` over the traits of movies, as weights and as similarity.

    Jaccard (1912), DOI 10.1111/j.1469-8137.1912.tb05611.x. Movies without known traits are similar to none. Ratings
    are not looked at.
    """
    return _fitted(dataset.catalog, params)


def fit_source(_ratings: RatingSource, catalog: Catalog, params: ContentJaccardParams) -> FittedItems:
    """Return the same as `fit`, wherever the ratings lie."""
    return _fitted(catalog, params)


def _fitted(catalog: Catalog, params: ContentJaccardParams) -> FittedItems:
    traits = genre_flags(catalog)
    if params.use_decade:
        traits = np.hstack([traits, decade_flags(catalog)])
    n_traits = traits.sum(axis=1)

    def rows(block: slice) -> NDArray[np.float32]:
        shared: NDArray[np.float32] = traits[block] @ traits.T
        either = n_traits[block, None] + n_traits - shared
        np.divide(shared, either, out=shared, where=either > 0)
        return shared

    similarity = item_matrix(rows, catalog.n_items)
    return FittedItems(item_weights=similarity, item_similarity=similarity)


SEARCH_SPACE = {"use_decade": OneOf((True, False))}

METHOD = Method("content-jaccard", ContentJaccardParams, fit, SEARCH_SPACE, fit_source)
