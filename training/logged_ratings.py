"""Ratings as an input of a run: name, digest, columns and counts, without a copy of them in a data frame.

MLflow's own `from_pandas` wants a table, which for 25 million ratings takes a gigabyte to tell two numbers of it.
"""

import json
from typing import Any

from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.dataset import Dataset
from mlflow.tracking.context.registry import resolve_tags
from mlflow.types import ColSpec, DataType, Schema

from recsys.data.facts import RatingsFacts

COLUMNS = {
    "user_id": DataType.long,
    "movie_id": DataType.long,
    "rating": DataType.float,
    "timestamp": DataType.long,
}


class LoggedRatings(Dataset):
    """A dataset of MLflow that holds what is told of ratings, and not the ratings."""

    def __init__(self, name: str, digest: str, profile: dict[str, Any]) -> None:
        self._profile = profile
        super().__init__(source=CodeDatasetSource(resolve_tags()), name=name, digest=digest)

    @classmethod
    def of(cls, ratings: RatingsFacts) -> "LoggedRatings":
        """Return ratings as MLflow logs them."""
        counts = {"num_rows": ratings.n_ratings, "num_elements": ratings.n_ratings * len(COLUMNS)}
        return cls(ratings.name, ratings.digest, counts)

    def _compute_digest(self) -> str:
        return self.digest

    def to_dict(self) -> dict[str, str]:
        """Return what MLflow stores: name, digest, source, columns and counts."""
        schema = json.dumps({"mlflow_colspec": self.schema.to_dict()})
        return {**super().to_dict(), "schema": schema, "profile": json.dumps(self.profile)}

    @property
    def schema(self) -> Schema:
        """Return the columns."""
        return Schema([ColSpec(kind, name) for name, kind in COLUMNS.items()])

    @property
    def profile(self) -> dict[str, Any]:
        """Return the counts of rows and of values."""
        return self._profile
