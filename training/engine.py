"""Where a training runs: what it asks of the ratings, in memory or in the partitions of a cluster."""

from dataclasses import dataclass
from typing import Protocol

from recsys.data.dataset import Dataset
from recsys.data.facts import RatingsFacts
from recsys.drift.profile import DataProfile, profile_of
from recsys.fitting import Recipe
from recsys.model import Recommender
from recsys.splits import SplitParams
from training.experiment import Outcome, run_experiment_beside_random


class Engine(Protocol):
    """Ratings that a training can work on."""

    @property
    def ratings(self) -> RatingsFacts:
        """Return what is told of them."""
        ...

    def run_experiment(self, recipe: Recipe, split_params: SplitParams, *, max_users: int | None) -> Outcome:
        """Return how a recipe does on a split; ``max_users`` evaluates a fixed sample of so many, None all."""
        ...

    def recommender(self, recipe: Recipe) -> Recommender:
        """Return the model fitted on all ratings."""
        ...

    def profile(self) -> DataProfile:
        """Return what the ratings look like."""
        ...


@dataclass(frozen=True, eq=False)
class OneMachine:
    """Ratings in memory."""

    ratings: Dataset

    def run_experiment(self, recipe: Recipe, split_params: SplitParams, *, max_users: int | None) -> Outcome:
        """Return how a recipe does on a split, and on the random one beside it."""
        return run_experiment_beside_random(self.ratings, recipe, split_params, max_users=max_users)

    def recommender(self, recipe: Recipe) -> Recommender:
        """Return the model fitted on all ratings."""
        return recipe.recommender(self.ratings)

    def profile(self) -> DataProfile:
        """Return what the ratings look like."""
        return profile_of(self.ratings)
