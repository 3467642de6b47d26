"""sha256 sums of files and of whole folders."""

import hashlib
from pathlib import Path

ADDED_BY_MLFLOW = frozenset({"registered_model_meta"})
"""Files that MLflow puts beside a model's own when it is fetched from the registry."""


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def tree_sha256(folder: Path) -> str:
    """Return one sha256 over the names and contents of all files below a folder, 64 hexadecimal digits.

    It changes when a file is altered, added, removed or renamed. What MLflow adds on the way, and Python's bytecode
    caches, do not count.
    """
    tree = hashlib.sha256()
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name not in ADDED_BY_MLFLOW)
    for name, path in sorted((path.relative_to(folder).as_posix(), path) for path in paths):
        if "__pycache__" not in path.parts:
            tree.update(f"{name}\0{sha256_of(path)}\n".encode())
    return tree.hexdigest()
