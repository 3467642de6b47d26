"""The run that ``mlflow run`` opens before it starts a command, when the command then refuses to work.

``python -m training.prepared_run RUN_ID`` removes it once ``mlflow run`` has noted its end.
"""

import subprocess
import sys
import time

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PROJECT_ENTRY_POINT

RUNNING, FAILED = "RUNNING", "FAILED"
SECONDS_TO_WAIT, SECONDS_BETWEEN = 60.0, 0.2


def drop_prepared_run(run_id: str, tracking_uri: str | None) -> subprocess.Popen[bytes] | None:
    """Remove a run that was prepared for a command and never begun, so that a mistyped name leaves none behind.

    A run that has begun has ended by itself, as failed, and stays. ``mlflow run`` ends the run that it has prepared
    after the command, and fails with a traceback when it is gone: so another process removes it, right after that.
    That process is returned; nobody has to wait for it.
    """
    client = MlflowClient(tracking_uri=tracking_uri)
    try:
        run = client.get_run(run_id)
        if run.info.status != RUNNING:
            return None
        if MLFLOW_PROJECT_ENTRY_POINT in run.data.tags:
            return _remove_later(run_id)
        end_and_delete(client, run_id)
    except MlflowException:
        pass  # the server that keeps the run is what fails; the command's own error says so
    return None


def _remove_later(run_id: str) -> subprocess.Popen[bytes]:
    """Start a process of its own session, which outlives this one; it finds the tracking server as this one does."""
    nothing = subprocess.DEVNULL
    command = [sys.executable, "-m", "training.prepared_run", run_id]
    return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)


def remove_when_ended(client: MlflowClient, run_id: str, seconds: float = SECONDS_TO_WAIT) -> None:
    """Remove a run as soon as it has ended; after ``seconds`` all the same, as ``mlflow run`` was then killed."""
    limit = time.monotonic() + seconds
    while client.get_run(run_id).info.status == RUNNING and time.monotonic() < limit:
        time.sleep(SECONDS_BETWEEN)
    end_and_delete(client, run_id)


def end_and_delete(client: MlflowClient, run_id: str) -> None:
    """Note a run as failed, unless it has ended, and delete it."""
    if client.get_run(run_id).info.status == RUNNING:
        client.set_terminated(run_id, FAILED)
    client.delete_run(run_id)


if __name__ == "__main__":
    remove_when_ended(MlflowClient(), sys.argv[1])
