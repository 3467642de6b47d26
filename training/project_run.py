"""The run that an experiment is logged to, started by hand or by ``mlflow run``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Experiment, Run
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME, MLFLOW_RUN_NOTE

DEFAULT_EXPERIMENT_ID = "0"
EXPERIMENT_KIND, MODEL_DEVELOPMENT = "mlflow.experimentKind", "custom_model_development"
"""Lets MLflow's UI show the experiment as one of models, not of prompts and agents."""


@contextmanager
def tracked_run(experiment_name: str, run_name: str) -> Iterator[Run]:
    """Yield the active run: the one that ``mlflow run`` has prepared, or a new one in this experiment.

    ``mlflow run`` without ``--experiment-name`` prepares its run in MLflow's default experiment. Runs of this product
    belong into its own, so such a run is replaced by a new one with the same tags, and its page says where that is.
    """
    client = MlflowClient()
    experiment = mlflow.set_experiment(experiment_name)
    client.set_experiment_tag(experiment.experiment_id, EXPERIMENT_KIND, MODEL_DEVELOPMENT)
    prepared = os.environ.get("MLFLOW_RUN_ID")
    if prepared and client.get_run(prepared).info.experiment_id == DEFAULT_EXPERIMENT_ID:
        prepared = _replace(client, prepared, experiment, run_name)
    with mlflow.start_run(run_id=prepared, run_name=None if prepared else run_name) as run:
        if prepared:
            client.set_tag(prepared, MLFLOW_RUN_NAME, run_name)
        yield run


def _replace(client: MlflowClient, run_id: str, experiment: Experiment, run_name: str) -> str:
    tags = client.get_run(run_id).data.tags | {MLFLOW_RUN_NAME: run_name}
    replacement = client.create_run(experiment.experiment_id, tags=tags)
    # It cannot be deleted as well: `mlflow run` ends it itself and fails when it is gone.
    client.set_tag(run_id, MLFLOW_RUN_NAME, f"see {experiment.name}: {run_name}")
    client.set_tag(run_id, MLFLOW_RUN_NOTE, f"Logged as run {replacement.info.run_id} in {experiment.name}.")
    os.environ["MLFLOW_RUN_ID"] = replacement.info.run_id
    return str(replacement.info.run_id)
