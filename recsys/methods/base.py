"""What a similarity method is: a name, parameters, and a ``fit`` that returns two item-item matrices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.item_matrix import ItemMatrix
from recsys.methods.rating_source import RatingSource
from recsys.methods.search_space import SearchRange
from recsys.recency import MAX_RECENCY


class MethodParams(BaseModel):
    """Parameters of a method: frozen, and none but the declared ones. Those here every method has."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    recency: float = Field(0.0, ge=0, le=MAX_RECENCY)
    """How far movies rated more lately than before are raised, unless a question says otherwise; judge it on a temporal
    split, as random ones hide what it is for."""


@dataclass(frozen=True, eq=False)
class FittedItems:
    """What a method has learned.

    Attributes
    ----------
    item_weights
        (n_items, n_items) float32: ``scores = history @ item_weights``, where a history holds what ratings weigh (see
        `recsys.history`). Row j says how much movie j speaks for every other.
    item_similarity
        (n_items, n_items) float32 in [0, 1], symmetric: what `Recommender.similar` shows. May be the same object.
    rating_exponent
        Where a question names a ``min_rating``, a movie rated so high weighs ``rating ** rating_exponent`` in the
        history: 1 is the rating itself, 0 ignores it.
    """

    item_weights: ItemMatrix
    item_similarity: ItemMatrix
    rating_exponent: float = 1.0


@dataclass(frozen=True)
class Method:
    """A similarity method.

    A module of this package joins by a constant ``METHOD`` of this type.

    Attributes
    ----------
    name
        As users write it: ``"item-knn"``.
    params_type
        Its parameters, with defaults that do well everywhere.
    fit
        Returns the fitted matrices from a dataset and an instance of ``params_type``.
    search_space
        Where a sweep looks for parameters, by their names. Those that are not in it keep their defaults; a method
        without any cannot be swept.
    fit_source
        Returns the same from ratings wherever they lie and their catalog, for the partitions of a cluster; None where
        the method needs all ratings in one place.
    """

    name: str
    params_type: type[MethodParams]
    fit: Callable[[Dataset, Any], FittedItems]
    search_space: Mapping[str, SearchRange] = field(default_factory=dict, hash=False)
    fit_source: Callable[[RatingSource, Catalog, Any], FittedItems] | None = None
