"""sha256 sums of files and of whole folders."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from recsys.errors import ArtifactError

ADDED_BY_MLFLOW = frozenset({"registered_model_meta"})
"""Files that MLflow puts beside a model's own when it is fetched from the registry; see `remove_added_files`."""


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def tree_sha256(folder: Path) -> str:
    """Return one sha256 over the names and contents of everything below a folder, 64 hexadecimal digits.

    It changes when a file is altered, added, removed or renamed, whatever its name, and when an empty folder is added.
    Versions are registered with this sum, so what it is for a given tree never changes.

    Raises
    ------
    ArtifactError
        For what is neither a file nor a folder, as a link may lead anywhere.
    """
    tree = hashlib.sha256()
    for name, path in sorted(_entries(folder)):
        line = f"{name}\0\n" if path.is_dir() else f"{name}\0{sha256_of(path)}\n"
        tree.update(line.encode("utf-8", "surrogateescape"))
    return tree.hexdigest()


def remove_added_files(folder: Path) -> None:
    """Remove what MLflow has put beside a model's own files, so that every file left counts in the sum."""
    for name in ADDED_BY_MLFLOW:
        (folder / name).unlink(missing_ok=True)


def _entries(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name relative to the folder, path) of all files, and of empty folders with a slash at the end."""
    for place, folders, files in os.walk(folder, onerror=_raise):
        here = Path(place)
        for name in (*folders, *files):
            path = here / name
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                raise ArtifactError(f"{path} is neither a file nor a folder, so it has no checksum; remove it")
        if here != folder and not folders and not files:
            yield f"{here.relative_to(folder).as_posix()}/", here
        for name in files:
            yield (here / name).relative_to(folder).as_posix(), here / name


def _raise(error: OSError) -> None:
    raise error
