"""The files of a model where MLflow keeps them: how large they are, and fetching them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow.entities import FileInfo
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from recsys.checksums import ADDED_BY_MLFLOW, remove_added_files
from recsys.errors import ArtifactError
from recsys.model_checks import MOST_FILES
from recsys.registry_errors import registry_errors


def fetch(model_uri: str, folder: Path, tracking_uri: str) -> Path:
    """Fetch the files of a model into a folder and return where they lie.

    Raises
    ------
    RegistryError
        When the server or the store does not answer.
    ArtifactError
        When what it answers makes no sense.
    """
    with registry_errors(f"the artifacts of {model_uri}", tracking_uri), _sensible(model_uri):
        fetched = mlflow.artifacts.download_artifacts(
            artifact_uri=model_uri, dst_path=str(folder), tracking_uri=tracking_uri
        )
    remove_added_files(Path(fetched))
    return Path(fetched)


def size_of(model_uri: str, tracking_uri: str) -> int:
    """Return how many bytes the files of a model have, as the store lists them; nothing is fetched.

    Raises
    ------
    RegistryError
        When the server or the store does not answer.
    ArtifactError
        When what it answers makes no sense, or it lists more than `MOST_FILES` files, which no model has.
    """
    with registry_errors(f"the list of files of {model_uri}", tracking_uri):
        store = get_artifact_repository(model_uri, tracking_uri=tracking_uri, registry_uri=tracking_uri)
        n_files, size, folders = 0, 0, [""]
        while folders:
            with _sensible(model_uri):
                for found in store.list_artifacts(folders.pop() or None):
                    if found.path in ADDED_BY_MLFLOW:  # by whoever has loaded the model from the store's own place
                        continue
                    if found.is_dir:
                        folders.append(found.path)
                    n_files, size = n_files + 1, size + _bytes_of(found)
            if n_files > MOST_FILES:
                raise ArtifactError(f"{model_uri} lists more than {MOST_FILES} files, which no model has")
    return size


def _bytes_of(found: FileInfo) -> int:
    """Return the size of a listed file, bytes, 0 for a folder; `ValueError` when it is no size."""
    size: object = found.file_size or 0
    if not isinstance(size, int) or size < 0:
        raise ValueError(f"{found.path!r} has the size {size!r}"[:200])
    return size


@contextmanager
def _sensible(model_uri: str) -> Iterator[None]:
    """Tell in a sentence of a list of files that no artifact store gives; failed connections are told of elsewhere."""
    try:
        yield
    except (TypeError, ValueError, OverflowError, AttributeError, LookupError) as error:
        raise ArtifactError(
            f"what the artifact store answers about {model_uri} makes no sense ({str(error)[:200]}); "
            "check what answers there"
        ) from None
