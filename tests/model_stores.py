"""Registries in SQLite with real versions in them."""

from pathlib import Path

import mlflow
from empty_store import write_empty_store
from mlflow import MlflowClient

from recsys.data import Dataset
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training import tracking
from training.engine import OneMachine
from training.project_run import EXPERIMENT
from training.train import register


def make_store(folder: Path) -> Registry:
    """Return an empty registry whose artifacts lie in the same folder."""
    registry = Registry("movie-recommender", write_empty_store(folder))
    mlflow.set_tracking_uri(registry.tracking_uri)
    mlflow.create_experiment(EXPERIMENT, artifact_location=(folder / "artifacts").as_uri())
    return registry


def recipe(method: str, **params: object) -> Recipe:
    """Return a recipe."""
    return Recipe(method, make_params(get_method(method), dict(params)))


def add_version(registry: Registry, dataset: Dataset, made: Recipe, **metrics: float) -> ModelVersion:
    """Register a version as `train` does, but without an experiment: its metrics are made up."""
    mlflow.set_tracking_uri(registry.tracking_uri)
    with mlflow.start_run(experiment_id=mlflow.get_experiment_by_name(EXPERIMENT).experiment_id):
        params = {"method": made.method, **made.params.model_dump(mode="json")}
        mlflow.log_params({**params, "dataset_digest": dataset.digest})
        mlflow.log_metrics(metrics)
        logged, _ = tracking.log_refitted(OneMachine(dataset), made)
        tags = {"method": made.method, "dataset": dataset.name, "dataset_digest": dataset.digest}
        return register(logged, registry, {**tags, **{name: f"{value:.4f}" for name, value in metrics.items()}})


def client_of(registry: Registry) -> MlflowClient:
    """Return a client, as someone else would use it."""
    return MlflowClient(tracking_uri=registry.tracking_uri, registry_uri=registry.tracking_uri)
