"""The registry as the parent sees it: each call is answered by a child process, in time or not at all."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from recsys.errors import RegistryError
from recsys.model_version import ModelVersion
from recsys.settings import PREFIX, Settings
from recsys.tracking_address import without_userinfo
from serving.parent.download_limits import check_size, size_watch
from serving.parent.look import Look
from serving.parent.mlflow_process import Job, JobEndedError, MlflowProcess
from serving.shared.version_list import VersionList, version_list_of

CONNECT_SECONDS = 120.0
"""So long the first call to a local database may take, which MLflow makes ready then."""

REPAIR_SECONDS = 120.0
"""So long a repair may take: a lock by a clock that was wrong is watched for 90 s until it is known to be nobody's."""

MLFLOW_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""A poller that asks again soon need not be as patient as MLflow is, and no one sees its progress bars."""


class RegistryClient:
    """One connection to the registry; for one thread.

    Every call raises `RegistryError` when the registry does not answer in time. The child that hangs is killed then,
    and the next call starts another.

    Parameters
    ----------
    settings
        Of the service.
    process
        What the child is forked from.
    """

    def __init__(self, settings: Settings, process: MlflowProcess) -> None:
        self.name = settings.model.name
        self._settings = settings
        self._process = process
        self._job: Job | None = None

    def look(self, alias: str) -> Look:
        """Return what an alias stands for, and what the Challenger is to get of the traffic."""
        found = self._call({"call": "look", "alias": alias}, f"the alias {alias} of {self.name}")
        version, challenger = (found[key] and _version_of(found[key]) for key in ("version", "challenger"))
        return Look(version, found["is_settled"], found["traffic"], challenger)

    def repair(self, alias: str) -> None:
        """Complete what is not settled about an alias, and enter moves by others in its ledger."""
        self._call({"call": "repair", "alias": alias}, f"the ledger of {alias} of {self.name}", seconds=REPAIR_SECONDS)

    def version(self, version: int) -> ModelVersion:
        """Return one version; `NotRegisteredError` when there is none of that number."""
        return _version_of(self._call({"call": "version", "version": version}, f"version {version} of {self.name}"))

    def listing(self) -> VersionList:
        """Return the registered versions."""
        return version_list_of(self._call({"call": "listing"}, f"the versions of {self.name}"))

    def download(self, version: ModelVersion, folder: Path) -> Path:
        """Fetch the artifacts of a version into a folder and return where they lie.

        Raises
        ------
        ArtifactError
            When they are larger than they may be, by the store's list or in fact.
        """
        limits = self._settings.model
        what = f"the artifacts of version {version.version} of {version.name}"
        size = self._call({"call": "size", "uri": version.uri}, f"the list of {what}")
        check_size(size, version, limits.max_bytes, folder)
        fetched = self._call(
            {"call": "download", "uri": version.uri, "folder": str(folder)},
            what,
            seconds=limits.download_seconds,
            meanwhile=size_watch(folder, size, version),
        )
        return Path(fetched)

    def close(self) -> None:
        """End the child; the next call starts another."""
        if self._job is not None:
            self._job.kill()
            self._job = None

    def _call(
        self, message: Any, what: str, *, seconds: float | None = None, meanwhile: Callable[[], None] = lambda: None
    ) -> Any:
        seconds = seconds or self._settings.model.look_seconds
        try:
            if self._job is None or self._job.has_ended:
                self._job = self._started()
                seconds = seconds if self._settings.tracking_uri.startswith("http") else max(seconds, CONNECT_SECONDS)
            return self._job.call(message, seconds, meanwhile=meanwhile)
        except JobEndedError as error:
            address = without_userinfo(self._settings.tracking_uri)
            raise RegistryError(
                f"cannot access {what} in the registry at {address}: {error}; "
                "check MLFLOW_TRACKING_URI and that the server runs"
            ) from None

    def _started(self) -> Job:
        job = self._process.start("registry")
        own = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        start = {"name": self.name, "tracking_uri": self._settings.tracking_uri}
        job.send(self._process.first_message({**MLFLOW_DEFAULTS, **own}, **start))
        return job


def _version_of(message: dict[str, Any]) -> ModelVersion:
    return ModelVersion(**{**message, "created": datetime.fromisoformat(message["created"])})
