"""The MovieLens formats, told apart by the files in a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from recsys.data import csv_family, ml1m, ml100k
from recsys.data.dataset import Dataset
from recsys.errors import DataError


class _Reader(NamedTuple):
    files: tuple[str, ...]
    read: Callable[[Path], Dataset]


_READERS = tuple(_Reader(module.FILES, module.read) for module in (ml100k, ml1m, csv_family))


def open_dataset(folder: Path) -> Dataset:
    """Return the dataset in a folder, whose format is told by its files.

    Raises
    ------
    DataError
        No such folder, none of the known files in it, or anything wrong within them.
    """
    wanted = " or ".join(" and ".join(reader.files) for reader in _READERS)
    if not folder.is_dir():
        raise DataError(f"there is no such folder; name one that holds {wanted}", path=folder)
    found = {reader: sum((folder / name).exists() for name in reader.files) for reader in _READERS}
    best = max(found, key=lambda reader: found[reader])
    if found[best] == 0:
        raise DataError(f"the folder holds no known dataset; looked for {wanted}{_hint(folder)}", path=folder)
    return best.read(folder)


def _hint(folder: Path) -> str:
    """Return a word about data one folder below, where unpacked archives often have it."""
    names = {name for reader in _READERS for name in reader.files}
    below = sorted(child for child in folder.iterdir() if child.is_dir() and any((child / n).exists() for n in names))
    return f"; the folder {below[0].name} in it has some, name that one" if below else ""
