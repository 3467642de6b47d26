"""A real MLflow server that hands out the artifacts itself, with versions that take a moment to fetch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
from builders import GENRES, make_catalog, make_dataset
from mlflow_server import running_server
from model_stores import add_version, recipe

from recsys.data import Dataset
from recsys.registry import Registry
from training.project_run import EXPERIMENT

N_MOVIES = 900
"""Their matrix has 3.2 MB, so that a download writes several pieces."""

WEIGHTS = "item_weights.values.npy"
"""The file of that matrix."""

METHODS = ("content-cosine", "content-jaccard")


@dataclass(frozen=True)
class ServedVersions:
    """The server, and where it keeps its files.

    Attributes
    ----------
    url
        Its address.
    registry
        With one version for each of `METHODS`, without an alias.
    store
        The folder of all artifacts.
    """

    url: str
    registry: Registry
    store: Path

    def file(self, version: int, name: str) -> Path:
        """Return where the server keeps a file of a version."""
        source = self.registry.version(version).source.rpartition("/")[2]
        (found,) = self.store.glob(f"**/{source}/**/{name}")
        return found


def many_movies(n_movies: int = N_MOVIES) -> Dataset:
    """Return a dataset of so many movies, one genre each, and a few ratings."""
    rows = [(number * 10, f"Movie {number} (1990)", 1990, GENRES[number % 3]) for number in range(1, n_movies + 1)]
    ratings = [(user, movie * 10, 4.0) for user in (1, 2, 3) for movie in range(user, 30, user + 1)]
    return make_dataset(make_catalog(rows), ratings)


@contextmanager
def served_versions(home: Path, **variables: str) -> Iterator[ServedVersions]:
    """Yield a running server with versions 1 and 2."""
    with running_server(home, serves_artifacts=True, **variables) as url:
        registry = Registry("movie-recommender", url)
        mlflow.set_tracking_uri(url)
        mlflow.create_experiment(EXPERIMENT)
        for method in METHODS:
            add_version(registry, many_movies(), recipe(method))
        yield ServedVersions(url, registry, home / "mlruns")
