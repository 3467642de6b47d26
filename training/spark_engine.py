"""A training over the partitions of a Spark cluster."""

from dataclasses import dataclass
from pathlib import Path

from loguru import logger
from pyspark.sql import SparkSession

from recsys.data.dataset import Dataset
from recsys.data.policies import Policies
from recsys.drift.profile import DataProfile
from recsys.fitting import Recipe
from recsys.model import Recommender
from recsys.spark import fitting
from recsys.spark.evaluation import check_split, evaluate, split
from recsys.spark.ratings import SparkRatings
from recsys.spark.reading import read_ratings
from recsys.splits import SplitParams
from training.experiment import Outcome, experiment_on


def check_supported(recipe: Recipe, split_params: SplitParams) -> None:
    """Raise a `ParameterError` for a method or a split that cannot be had in partitions, before anything is read."""
    fitting.check_method(recipe.method)
    check_split(split_params)


def open_engine(
    session: SparkSession, data: Dataset | Path | str, *, policies: Policies, s3_endpoint_url: str | None
) -> "SparkEngine":
    """Return an engine over the ratings in a place, which Spark reads, or over those in memory, as the sample is.

    The parameters are those of `recsys.spark.reading.read_ratings`.
    """
    if isinstance(data, Dataset):
        return SparkEngine(SparkRatings.of(session.sparkContext, data))
    logger.info("reading the ratings in {} by Spark", data)
    return SparkEngine(read_ratings(session, data, policies, s3_endpoint_url=s3_endpoint_url))


@dataclass(frozen=True, eq=False)
class SparkEngine:
    """Ratings in partitions, see `training.engine.Engine`."""

    ratings: SparkRatings

    def run_experiment(self, recipe: Recipe, split_params: SplitParams, *, max_users: int | None) -> Outcome:
        """Return how a recipe does on a split that every partition can make by itself."""
        parts = split(self.ratings, split_params)
        return experiment_on(
            parts,
            recipe.method,
            self.ratings.n_ratings,
            fit=lambda: fitting.recommender(recipe, parts.train),
            evaluate=lambda scorer: evaluate(scorer, parts, max_users=max_users),
        )

    def recommender(self, recipe: Recipe) -> Recommender:
        """Return the model fitted on all ratings."""
        return fitting.recommender(recipe, self.ratings)

    def profile(self) -> DataProfile:
        """Return what the ratings look like."""
        return fitting.profile(self.ratings)
