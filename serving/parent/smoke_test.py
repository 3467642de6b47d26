"""Lets a candidate answer once, in a child process without secrets."""

from pathlib import Path

from recsys.errors import ArtifactError
from serving.parent.mlflow_process import JobEndedError, MlflowProcess, environment_without_secrets

SECONDS = 60.0
"""So long a candidate may take to load and to answer one question."""


class SmokeTest:
    """Smoke tests, each in a process of its own that is gone afterwards.

    Parameters
    ----------
    process
        What they are forked from.
    """

    def __init__(self, process: MlflowProcess) -> None:
        self._process = process

    def __call__(self, folder: Path) -> None:
        """Load the version in a folder as pyfunc and let it answer.

        Raises
        ------
        ArtifactError
            When it does not answer, not in time, or with what cannot be right.
        """
        job = self._process.start("smoke-test")
        start = self._process.first_message(
            environment_without_secrets(), folder=str(folder.resolve()), scratch=str(folder.resolve().parent)
        )
        try:
            job.call(start, SECONDS)
        except JobEndedError as error:
            raise ArtifactError(f"the model does not answer in the smoke test: {error}") from None
        finally:
            job.kill()
