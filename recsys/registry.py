"""The model registry: versions, their tags, and the alias that says which one is served."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import mlflow
import requests
from loguru import logger
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion as MlflowVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode

from recsys.errors import ParameterError, RegistryError

CHALLENGER = "Challenger"
"""Alias of the newest candidate."""


MODEL_URI = re.compile(r"models:/(?P<name>[^/@]+)(/(?P<version>\d+)|@(?P<alias>[^/@]+))")


@dataclass(frozen=True)
class ModelVersion:
    """A version of the registered model.

    Attributes
    ----------
    name, version
        Of the registered model; versions count from 1.
    run_id
        The run that trained it.
    source
        Where its artifacts lie.
    created
        When it was registered, UTC.
    tags
        Method, dataset digest, headline metric, checksums.
    """

    name: str
    version: int
    run_id: str
    source: str
    created: datetime
    tags: Mapping[str, str]

    @property
    def uri(self) -> str:
        """Return the address that MLflow loads it by."""
        return f"models:/{self.name}/{self.version}"


class Registry:
    """One registered model in MLflow's registry.

    Every call raises `RegistryError` when the registry does not answer.
    """

    def __init__(self, name: str, tracking_uri: str) -> None:
        self.name = name
        self.tracking_uri = tracking_uri
        self._client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)

    def version(self, version: int) -> ModelVersion:
        """Return one version; `RegistryError` when there is none of that number."""
        with self._asking(f"version {version} of {self.name}"):
            return _model_version(self._client.get_model_version(self.name, str(version)))

    def versions(self) -> list[ModelVersion]:
        """Return all versions, newest first; none when nothing has been registered yet."""
        with self._asking(f"the versions of {self.name}"):
            found = self._client.search_model_versions(f"name = '{self.name}'")
            return sorted(map(_model_version, found), key=lambda version: -version.version)

    def aliases(self) -> dict[str, int]:
        """Return all aliases as they are spelled, with the version of each."""
        with self._asking(f"the aliases of {self.name}"):
            try:
                model = self._client.get_registered_model(self.name)
            except MlflowException as error:
                if error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
                    return {}
                raise
            return {alias: int(version) for alias, version in model.aliases.items()}

    def aliased(self, alias: str) -> ModelVersion | None:
        """Return the version that an alias, in any spelling, points to; None when no spelling is set."""
        pointed = {name: version for name, version in self.aliases().items() if name.lower() == alias.lower()}
        if not pointed:
            return None
        if len(set(pointed.values())) > 1:
            logger.warning("the spellings of alias {} disagree: {}", alias, pointed)
        return self.version(max(pointed.values()))

    def set_alias(self, alias: str, version: int) -> None:
        """Let an alias point to a version, as it is spelled here and in lower case, as MLflow's UI spells it."""
        with self._asking(f"alias {alias} of {self.name}"):
            for spelling in dict.fromkeys((alias, alias.lower())):
                self._client.set_registered_model_alias(self.name, spelling, str(version))

    def tag_version(self, version: int, tags: Mapping[str, str]) -> None:
        """Add tags to a version."""
        with self._asking(f"the tags of version {version} of {self.name}"):
            for key, value in tags.items():
                self._client.set_model_version_tag(self.name, str(version), key, value)

    def register(self, model_uri: str, tags: Mapping[str, str]) -> ModelVersion:
        """Register a logged model as the next version, its tags in place from the start."""
        with self._asking("a new version"):
            made = mlflow.register_model(model_uri, self.name, tags=dict(tags))
            return _model_version(made)

    def download(self, version: ModelVersion, folder: Path) -> Path:
        """Fetch the artifacts of a version into a folder and return where they lie."""
        return self.download_uri(version.uri, folder)

    def download_uri(self, model_uri: str, folder: Path) -> Path:
        """Fetch the artifacts of a model into a folder and return where they lie."""
        with self._asking(f"the artifacts of {model_uri}"):
            fetched = mlflow.artifacts.download_artifacts(
                artifact_uri=model_uri, dst_path=str(folder), tracking_uri=self.tracking_uri
            )
            return Path(fetched)

    @classmethod
    def fetch(cls, model_uri: str, tracking_uri: str, folder: Path) -> Path:
        """Fetch ``models:/NAME/VERSION`` or ``models:/NAME@ALIAS``, any spelling of it, and return where it lies.

        Raises
        ------
        ParameterError
            When the address is of another form.
        RegistryError
            When there is no such version.
        """
        match = MODEL_URI.fullmatch(model_uri)
        if match is None:
            raise ParameterError(f"{model_uri!r} is not a model; write models:/NAME/VERSION or models:/NAME@ALIAS")
        registry = cls(match["name"], tracking_uri)
        if match["version"]:
            return registry.download(registry.version(int(match["version"])), folder)
        version = registry.aliased(match["alias"])
        if version is None:
            raise RegistryError(f"no version of {registry.name} has the alias {match['alias']}; train a model first")
        return registry.download(version, folder)

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except (MlflowException, requests.RequestException, OSError) as error:
            raise RegistryError(
                f"the registry at {self.tracking_uri} does not give {what}: {_first_line(error)}; "
                "check MLFLOW_TRACKING_URI and that the server runs"
            ) from error


def _model_version(found: MlflowVersion) -> ModelVersion:
    return ModelVersion(
        name=found.name,
        version=int(found.version),
        run_id=found.run_id or "",
        source=found.source or "",
        created=datetime.fromtimestamp(found.creation_timestamp / 1000, tz=UTC),
        tags=dict(found.tags),
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
