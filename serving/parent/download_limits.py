"""How large a download may be: compared before the first byte is fetched, and watched while it comes in."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from recsys.alias.tag_names import read_tag
from recsys.errors import ArtifactError
from recsys.model_checks import MOST_FILES, SIZE_TAG
from recsys.model_version import ModelVersion

NOTE_BYTES = 100_000
"""MLflow adds a note to what it fetches, and the folders themselves take room."""

WATCH_SECONDS = 0.5


def check_size(size: int, version: ModelVersion, max_bytes: int, folder: Path) -> None:
    """Compare the size that the artifact store lists with what it may be.

    Raises
    ------
    ArtifactError
        When it is not the one that was registered, is over the limit, or does not fit on the disk.
    """
    which = f"version {version.version} of {version.name}"
    registered = read_tag(version.tags, SIZE_TAG)
    if registered is not None and registered != str(size):
        raise ArtifactError(
            f"the artifacts of {which} have been altered: they have {size} bytes, the registry says {registered}; "
            "nothing is fetched"
        )
    if size > max_bytes:
        raise ArtifactError(
            f"the artifacts of {which} have {size} bytes, more than {max_bytes}; nothing is fetched; "
            "RECSYS_MODEL__MAX_BYTES allows more"
        )
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ArtifactError(
            f"the artifacts of {which} have {size} bytes, but only {free} are free in {folder} "
            f"({os.strerror(errno.ENOSPC)}); make room on the disk"
        )


def size_watch(folder: Path, size: int, version: ModelVersion) -> Callable[[], None]:
    """Return a function that raises `ArtifactError` once more lies in a folder than the store has listed.

    Empty files have no bytes, but a disk holds only so many; the store may list others than it did at first.
    """
    looked_at = time.monotonic()

    def look() -> None:
        nonlocal looked_at
        if time.monotonic() - looked_at < WATCH_SECONDS:
            return
        looked_at = time.monotonic()
        found, n_files = _bytes_in(folder)
        if n_files > MOST_FILES:
            raise ArtifactError(
                f"the artifacts of version {version.version} of {version.name} have been altered: more than "
                f"{MOST_FILES} files come in, which no version has; the rest is not fetched"
            )
        if found > size + NOTE_BYTES:
            raise ArtifactError(
                f"the artifacts of version {version.version} of {version.name} have been altered: more comes in than "
                f"the {size} bytes that the store lists; the rest is not fetched"
            )

    return look


def _bytes_in(folder: Path) -> tuple[int, int]:
    """Return the bytes of all files below a folder, and how many files and folders there are."""
    total = n_files = 0
    for place, folders, names in os.walk(folder):
        n_files += len(folders) + len(names)
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except FileNotFoundError:  # MLflow renames a file once it is complete
                continue
    return total, n_files
