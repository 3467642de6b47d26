"""The run that ``mlflow run`` opens before it starts a command, when the command then refuses to work."""

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException


def drop_prepared_run(run_id: str, tracking_uri: str | None) -> None:
    """Remove a run that was prepared for a command and never begun, so that a mistyped name leaves none behind.

    A run that has begun has ended by itself, as failed, and stays. This one is ended before it is removed, since
    ``mlflow run`` ends it otherwise, and fails when it is gone.
    """
    client = MlflowClient(tracking_uri=tracking_uri)
    try:
        if client.get_run(run_id).info.status == "RUNNING":
            client.set_terminated(run_id, "FAILED")
            client.delete_run(run_id)
    except MlflowException:
        return  # the server that keeps the run is what fails; the command's own error says so
