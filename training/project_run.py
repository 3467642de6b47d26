"""The experiment and the run that something is logged to, started by hand or by ``mlflow run``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Experiment, Run
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME, MLFLOW_RUN_NOTE

from recsys.registry import Registry

EXPERIMENT = "movie-recommender"
"""Where runs are logged when the caller has chosen no experiment."""

DEFAULT_EXPERIMENT_ID = "0"
EXPERIMENT_KIND, MODEL_DEVELOPMENT = "mlflow.experimentKind", "custom_model_development"
"""Lets MLflow's UI show the experiment as one of models, not of prompts and agents."""


def chosen_experiment(registry: Registry) -> str:
    """Return the name of the experiment that the caller has chosen, by MLflow's own means, else `EXPERIMENT`.

    These are ``mlflow run --experiment-name``, whose run is prepared in it, ``MLFLOW_EXPERIMENT_NAME`` and
    ``MLFLOW_EXPERIMENT_ID``. MLflow's default experiment is a choice only by its name: ``mlflow run`` prepares its run
    there when nobody has chosen anything.
    """
    name, run_id = os.environ.get("MLFLOW_EXPERIMENT_NAME"), os.environ.get("MLFLOW_RUN_ID")
    experiment_id = os.environ.get("MLFLOW_EXPERIMENT_ID")
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    with registry.registry_errors("the experiment of this run"):
        if run_id:
            experiment_id = client.get_run(run_id).info.experiment_id
        if experiment_id and experiment_id != DEFAULT_EXPERIMENT_ID:
            return str(client.get_experiment(experiment_id).name)
    return name or EXPERIMENT


@contextmanager
def tracked_run(registry: Registry, run_name: str) -> Iterator[Run]:
    """Yield the active run: the one that ``mlflow run`` has prepared, or a new one in the chosen experiment.

    Runs of this product do not belong into MLflow's default experiment, so a run that ``mlflow run`` has prepared there
    is replaced by a new one with the same tags, and its page says where that is.
    """
    name = chosen_experiment(registry)
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    with registry.registry_errors(f"a run in {name}"):
        experiment = _set_experiment(name)
        if EXPERIMENT_KIND not in experiment.tags:
            client.set_experiment_tag(experiment.experiment_id, EXPERIMENT_KIND, MODEL_DEVELOPMENT)
        prepared = os.environ.get("MLFLOW_RUN_ID")
        if prepared and client.get_run(prepared).info.experiment_id != experiment.experiment_id:
            prepared = _replace(client, prepared, experiment, run_name)
        if prepared:  # before it is read, since texts about the version take its name
            client.set_tag(prepared, MLFLOW_RUN_NAME, run_name)
        with mlflow.start_run(run_id=prepared, run_name=None if prepared else run_name) as run:
            yield run


def _set_experiment(name: str) -> Experiment:
    """Make an experiment the active one, without the variable by which it would look chosen by the caller."""
    chosen = os.environ.get("MLFLOW_EXPERIMENT_ID")
    experiment = mlflow.set_experiment(name)
    if chosen is None:
        os.environ.pop("MLFLOW_EXPERIMENT_ID", None)
    else:
        os.environ["MLFLOW_EXPERIMENT_ID"] = chosen
    return experiment


def _replace(client: MlflowClient, run_id: str, experiment: Experiment, run_name: str) -> str:
    tags = client.get_run(run_id).data.tags | {MLFLOW_RUN_NAME: run_name}
    replacement = client.create_run(experiment.experiment_id, tags=tags)
    # It cannot be deleted as well: `mlflow run` ends it itself and fails when it is gone.
    client.set_tag(run_id, MLFLOW_RUN_NAME, f"see {experiment.name}: {run_name}")
    client.set_tag(run_id, MLFLOW_RUN_NOTE, f"Logged as run {replacement.info.run_id} in {experiment.name}.")
    os.environ["MLFLOW_RUN_ID"] = replacement.info.run_id
    return str(replacement.info.run_id)
