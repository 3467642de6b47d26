"""Copying a model out of a store that is a folder of this machine, in a fraction of the time that MLflow takes.

MLflow resolves every path twice and hands every file to a thread, which for the 165 files of a model takes five times
as long as copying them does.
"""

import os
import shutil
from pathlib import Path

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow.store.artifact.models_artifact_repo import ModelsArtifactRepository

STAGED = ".artifact.uploading."
"""What the names of files begin with that MLflow is still writing; it does not list them either."""


def copy_if_local(store: ArtifactRepository, folder: Path) -> bool:
    """Copy all artifacts of a store into a folder, and return whether that was done.

    Nothing is copied, and MLflow has to fetch them, where the store is no folder of this machine or holds a link or
    anything else that is neither a file nor a folder: which links may be followed is MLflow's rule.
    """
    found = store.repo if isinstance(store, ModelsArtifactRepository) else store
    if not isinstance(found, LocalArtifactRepository):
        return False
    source = Path(found.artifact_dir)
    if not source.is_dir() or not _is_plain(source):
        return False
    for place, _, files in os.walk(source, onerror=_raise):
        here = folder / Path(place).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)  # and not its mode, by which nobody could write or delete here
        for name in files:
            if not name.startswith(STAGED):
                shutil.copy2(f"{place}/{name}", here / name, follow_symlinks=False)
    return True


def _is_plain(folder: Path) -> bool:
    """Return whether there are only files and folders below a folder."""
    with os.scandir(folder) as entries:
        return all(
            _is_plain(Path(entry)) if entry.is_dir(follow_symlinks=False) else entry.is_file(follow_symlinks=False)
            for entry in entries
        )


def _raise(error: OSError) -> None:
    raise error
