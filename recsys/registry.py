"""The model registry: versions, their tags, and the alias that says which one is served."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import mlflow
from loguru import logger
from mlflow import MlflowClient
from mlflow.entities import FileInfo
from mlflow.entities.model_registry import ModelVersion as MlflowVersion
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from recsys.alias.description import describe
from recsys.alias.move import settle
from recsys.alias.spellings import pointers, standard_spellings
from recsys.alias.state import AliasState, ModelMetadata
from recsys.checksums import ADDED_BY_MLFLOW, remove_added_files
from recsys.errors import ArtifactError, LeaseHeldError, RegistryError
from recsys.model_checks import MOST_FILES
from recsys.model_version import ModelVersion
from recsys.registry_errors import NOT_FOUND, check_database, registry_errors, sensible, sensible_files
from recsys.settings import Settings
from recsys.signatures import Signatures

HEADLINE = "ndcg_at_10"
"""The metric that a version is known by, and the name of the tag that holds it."""


class Registry:
    """One registered model in MLflow's registry.

    Every call raises `RegistryError` when the registry does not answer.
    """

    def __init__(self, name: str, tracking_uri: str, signatures: Signatures | None = None) -> None:
        self.name = name
        self.tracking_uri = tracking_uri
        self._signatures = signatures or Signatures()
        self._warned_of: list[str] = []
        self._warned_of_failure = ""

    @cached_property
    def _client(self) -> MlflowClient:
        with self.registry_errors(f"the model {self.name}"):
            check_database(self.tracking_uri)
            return MlflowClient(tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri)

    def version(self, version: int) -> ModelVersion:
        """Return one version; `RegistryError` when there is none of that number."""
        with self.registry_errors(f"version {version} of {self.name}"):
            return _model_version(self._client.get_model_version(self.name, str(version)))

    def versions(self) -> list[ModelVersion]:
        """Return all versions, newest first; none when nothing has been registered yet."""
        with self.registry_errors(f"the versions of {self.name}"):
            found = self._client.search_model_versions(f"name = '{self.name}'")
            return sorted(map(_model_version, found), key=lambda version: -version.version)

    def metadata(self) -> ModelMetadata:
        """Return all aliases as they are spelled and all tags; none when nothing has been registered yet."""
        with self.registry_errors(f"the aliases of {self.name}"):
            try:
                model = self._client.get_registered_model(self.name)
            except MlflowException as error:
                if error.error_code == NOT_FOUND:
                    return ModelMetadata()
                raise
            with sensible(f"the aliases of {self.name}"):
                aliases = {alias: int(version) for alias, version in model.aliases.items()}
                return ModelMetadata(aliases, dict(model.tags), model.description or "")

    def aliases(self) -> dict[str, int]:
        """Return all aliases as they are spelled, with the version of each."""
        return dict(self.metadata().aliases)

    def alias_state(self, alias: str) -> AliasState:
        """Return what one look tells about an alias in all its spellings; nothing is written."""
        return AliasState.of(self.metadata(), alias)

    def aliased(self, alias: str) -> ModelVersion | None:
        """Return the version that an alias, in any spelling, stands for; None when no spelling is set.

        Where spellings disagree, the newest decision counts (`recsys.alias.spellings`). Nothing is written.
        """
        current = self.alias_state(alias).current
        return None if current is None else self.version(current)

    def repair(self, state: AliasState) -> None:
        """Complete what is not settled about an alias, if the registry can be written and nobody else does it.

        A move by others is warned of once and entered in the ledger, and the other spellings are brought into line.
        """
        if state.is_settled:
            return
        findings = state.findings()
        if findings != self._warned_of:
            self._warned_of = findings
            for finding in findings:
                logger.warning("{}", finding)
        try:
            settle(self, state.alias, wait_seconds=0)
            describe(self)
        except LeaseHeldError:
            logger.debug("{} is being moved; nothing to repair yet", state.alias)
        except RegistryError as error:
            # Once: with a read-only account it is so at every look, and the next command of someone else repairs it.
            if str(error) != self._warned_of_failure:
                self._warned_of_failure = str(error)
                logger.warning("the history of {} cannot be brought up to date: {}", state.alias, error)

    def set_alias(self, alias: str, version: int) -> None:
        """Let an alias point to a version in all its spellings, without a history as `recsys.alias.move.move` keeps."""
        for spelling in dict.fromkeys((*standard_spellings(alias), *pointers(self.aliases(), alias))):
            self.point(spelling, version)

    def point(self, spelling: str, version: int) -> None:
        """Let one spelling of an alias point to a version."""
        with self.registry_errors(f"alias {spelling} of {self.name}"):
            self._client.set_registered_model_alias(self.name, spelling, str(version))

    def headline_metrics(self, version: int) -> dict[str, float]:
        """Return the headline metric of a version, as its tag holds it; nothing where it has none."""
        try:
            return {HEADLINE: float(self.version(version).tags[HEADLINE])}
        except (KeyError, ValueError):
            return {}

    def tags(self) -> Mapping[str, str]:
        """Return the tags of the registered model."""
        return self.metadata().tags

    def set_tag(self, key: str, value: str) -> None:
        """Add or change a tag of the registered model, which is made when it does not exist."""
        with self.registry_errors(f"tag {key} of {self.name}"):
            try:
                self._client.set_registered_model_tag(self.name, key, value)
            except MlflowException as error:
                if error.error_code != NOT_FOUND:
                    raise
                self._client.create_registered_model(self.name)
                self._client.set_registered_model_tag(self.name, key, value)

    def delete_tag(self, key: str) -> None:
        """Remove a tag of the registered model, if it is there."""
        with self.registry_errors(f"tag {key} of {self.name}"):
            self._client.delete_registered_model_tag(self.name, key)

    def tag_version(self, version: int, tags: Mapping[str, str]) -> None:
        """Add tags to a version."""
        with self.registry_errors(f"the tags of version {version} of {self.name}"):
            for key, value in tags.items():
                self._client.set_model_version_tag(self.name, str(version), key, value)

    def describe_version(self, version: int, text: str) -> None:
        """Write the description of a version, Markdown."""
        with self.registry_errors(f"the description of version {version} of {self.name}"):
            self._client.update_model_version(self.name, str(version), description=text)

    def describe_model(self, text: str) -> None:
        """Write the description of the registered model, Markdown."""
        with self.registry_errors(f"the description of {self.name}"):
            self._client.update_registered_model(self.name, description=text)

    def create(self) -> None:
        """Make the registered model, if it is not there: a registry that refuses that does so before the training."""
        with self.registry_errors(f"the registered model {self.name}"):
            try:
                self._client.get_registered_model(self.name)
            except MlflowException as error:
                if error.error_code != NOT_FOUND:
                    raise
                self._client.create_registered_model(self.name)

    def delete_version(self, version: int) -> None:
        """Delete a version from the registry; its run and its artifacts stay."""
        with self.registry_errors(f"version {version} of {self.name} to delete it"):
            self._client.delete_model_version(self.name, str(version))

    def register(self, model_uri: str, tags: Mapping[str, str]) -> ModelVersion:
        """Register a logged model as the next version, its tags in place from the start, signed if there is a key."""
        with self.registry_errors("a new version"):
            signed = {**tags, **self._signatures.tags_for(tags)}
            made = mlflow.register_model(model_uri, self.name, tags=signed)
            return _model_version(made)

    def check_signature(self, version: ModelVersion) -> None:
        """Refuse a version whose signature is wrong, or missing where it is required: `ArtifactError`."""
        self._signatures.check(version)

    def copy(self, version: ModelVersion, name: str) -> ModelVersion:
        """Copy a version of this model, its tags included, to another registered model, and return the copy."""
        with self.registry_errors(f"a copy of version {version.version} as {name}"):
            return _model_version(self._client.copy_model_version(version.uri, name))

    def metrics_of_run(self, run_id: str) -> Mapping[str, float]:
        """Return the metrics of a run by name; none where the run is gone."""
        with self.registry_errors(f"the run {run_id}"):
            try:
                return dict(self._client.get_run(run_id).data.metrics)
            except MlflowException as error:
                if error.error_code != NOT_FOUND:
                    raise
                return {}

    def download(self, version: ModelVersion, folder: Path) -> Path:
        """Fetch the artifacts of a version into a folder and return where they lie."""
        return self.download_uri(version.uri, folder)

    def download_uri(self, model_uri: str, folder: Path) -> Path:
        """Fetch the artifacts of a model into a folder and return where they lie."""
        with self.registry_errors(f"the artifacts of {model_uri}"), sensible_files(model_uri):
            fetched = mlflow.artifacts.download_artifacts(
                artifact_uri=model_uri, dst_path=str(folder), tracking_uri=self.tracking_uri
            )
        remove_added_files(Path(fetched))
        return Path(fetched)

    def size_of(self, model_uri: str) -> int:
        """Return how many bytes the artifacts of a model have, as the store lists them; nothing is fetched.

        Raises
        ------
        ArtifactError
            When it lists more than `MOST_FILES` files, which no model has.
        """
        with self.registry_errors(f"the list of files of {model_uri}"):
            store = get_artifact_repository(model_uri, tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri)
            n_files, size, folders = 0, 0, [""]
            while folders:
                with sensible_files(model_uri):
                    for found in store.list_artifacts(folders.pop() or None):
                        if found.path in ADDED_BY_MLFLOW:  # by whoever has loaded the model from the store's own place
                            continue
                        if found.is_dir:
                            folders.append(found.path)
                        n_files, size = n_files + 1, size + _size_of(found)
                if n_files > MOST_FILES:
                    raise ArtifactError(f"{model_uri} lists more than {MOST_FILES} files, which no model has")
        return size

    def registry_errors(self, what: str) -> AbstractContextManager[None]:
        """Turn every failure to get ``what`` from the server into one `RegistryError`."""
        return registry_errors(what, self.tracking_uri)


def current_tracking_uri(settings: Settings) -> str:
    """Return the server that MLflow was told by ``mlflow.set_tracking_uri``, else that of the settings."""
    told = mlflow.is_tracking_uri_set()  # type: ignore[no-untyped-call]
    return mlflow.get_tracking_uri() if told else settings.tracking_uri


def registry_of(settings: Settings) -> Registry:
    """Return the registry of the configured model."""
    return Registry(settings.model.name, settings.tracking_uri, Signatures.of(settings.model))


def _size_of(found: FileInfo) -> int:
    """Return the size of a listed file, bytes, 0 for a folder; `ValueError` when it is no size."""
    size: object = found.file_size or 0
    if not isinstance(size, int) or size < 0:
        raise ValueError(f"{found.path!r} has the size {size!r}"[:200])
    return size


def _model_version(found: MlflowVersion) -> ModelVersion:
    with sensible(f"version {found.version!r} of {found.name}"):
        return ModelVersion(
            name=found.name,
            version=int(found.version),
            run_id=found.run_id or "",
            source=found.source or "",
            created=datetime.fromtimestamp(found.creation_timestamp / 1000, tz=UTC),
            tags=dict(found.tags),
            description=found.description or "",
        )
