"""The files of a folder on disk."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from recsys.data.places.data_file import DataFile, is_clutter, local_file
from recsys.errors import DataError

MAX_DEPTH = 6
"""Folders below the one named that are looked at; partitioned Parquet may lie three levels below its table."""
MAX_FILES = 20_000


def list_folder(folder: Path) -> list[DataFile]:
    """Return the files of a folder and of those within it, by path; hidden ones are left out.

    Raises
    ------
    DataError
        When the folder cannot be listed, or holds so much that it is no folder of a dataset.
    """
    found = []
    for path in _walk(folder, 0):
        found.append(local_file(path, PurePosixPath(path.relative_to(folder).as_posix())))
        if len(found) > MAX_FILES:
            raise DataError(f"the folder holds more than {MAX_FILES:,} files; name the folder of the data", path=folder)
    return sorted(found, key=lambda file: file.path)


def list_beside(path: Path) -> list[DataFile]:
    """Return the files that lie in the same folder as a file or a folder, itself included, none from below."""
    names = (other for other in path.absolute().parent.iterdir() if not is_clutter(other.name))
    return sorted(map(local_file, (other for other in names if other.is_file())), key=lambda file: file.path)


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"the folder cannot be listed: {error.strerror}; check its permissions", path=folder) from error
    for entry in entries:
        if is_clutter(entry.name):
            continue
        if entry.is_dir(follow_symlinks=depth == 0):
            if depth < MAX_DEPTH and not _is_data_folder(entry.name):
                yield from _walk(Path(entry.path), depth + 1)
        elif entry.is_file():
            yield Path(entry.path)


def _is_data_folder(name: str) -> bool:
    """Return whether a folder is known to hold no ratings, but perhaps very many files."""
    return name in ("node_modules", "mlruns", "mlartifacts", "site-packages")
