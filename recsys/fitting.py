"""From a dataset and a method to a model."""

import platform
from dataclasses import dataclass
from importlib.metadata import version

from recsys import __version__
from recsys.data.dataset import Dataset
from recsys.data.facts import RatingsFacts
from recsys.methods import FittedItems, MethodParams, get_method
from recsys.model import Recommender
from recsys.recency import RecentPopularity, recent_popularity
from recsys.storage import ModelInfo


@dataclass(frozen=True)
class Recipe:
    """A method by its name, and the parameters to fit it with."""

    method: str
    params: MethodParams

    def fit(self, dataset: Dataset) -> FittedItems:
        """Return what the method learns from a dataset."""
        return get_method(self.method).fit(dataset, self.params)

    def recommender(self, dataset: Dataset) -> Recommender:
        """Return the model that serves what the method learns from a dataset."""
        return as_recommender(self.fit(dataset), dataset, recency=self.params.recency)


def as_recommender(fitted: FittedItems, dataset: Dataset, *, recency: float = 0.0) -> Recommender:
    """Return the model that serves what a method has learned from a dataset."""
    return recommender_of(fitted, dataset, recent_popularity(dataset), recency)


def recommender_of(fitted: FittedItems, ratings: RatingsFacts, recent: RecentPopularity, recency: float) -> Recommender:
    """Return the model that serves what a method has learned from ratings, wherever they lie."""
    return Recommender(
        catalog=ratings.catalog,
        popularity=ratings.popularity,
        item_weights=fitted.item_weights,
        item_similarity=fitted.item_similarity,
        rating_exponent=fitted.rating_exponent,
        recent=recent,
        recency=recency,
    )


def model_info(recipe: Recipe, dataset: RatingsFacts) -> ModelInfo:
    """Return where a model of this recipe and dataset comes from, with the versions of the installed libraries."""
    libraries = {name: version(name) for name in ("numpy", "scipy")}
    return ModelInfo(
        method=recipe.method,
        params=recipe.params.model_dump(mode="json"),
        dataset={
            "name": dataset.name,
            "digest": dataset.digest,
            "n_users": dataset.n_users,
            "n_items": dataset.n_items,
            "n_ratings": dataset.n_ratings,
            **({"movie_labels": list(dataset.movie_labels)} if dataset.movie_labels else {}),
        },
        versions={"recsys": __version__, "python": platform.python_version(), **libraries},
    )
