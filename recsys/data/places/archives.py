"""The files within a zip or tar archive, read where they are: nothing is unpacked to disk."""

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from recsys.data.places.data_file import READ_ERRORS, DataFile, is_clutter
from recsys.errors import DataError

ZIP_SUFFIXES = (".zip",)
TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
FOREIGN_SUFFIXES = (".7z", ".rar")
_REMEDY = "extract it again from the original archive, or unpack it and name the folder"


def is_archive(file: DataFile) -> bool:
    """Return whether a file is an archive of several files, as its name tells."""
    name = file.path.name.lower()
    if name.endswith(FOREIGN_SUFFIXES):
        raise DataError("archives of this kind cannot be read; unpack it and name the folder", path=file.place)
    return name.endswith((*ZIP_SUFFIXES, *TAR_SUFFIXES))


def list_archive(archive: DataFile) -> list[DataFile]:
    """Return the files within an archive, by path; hidden ones are left out.

    Raises
    ------
    DataError
        When it is cut off, altered, or no archive.
    """
    is_tar = archive.path.name.lower().endswith(TAR_SUFFIXES)
    try:
        with archive.open_raw() as raw:
            names = _tar_names(raw) if is_tar else _zip_names(raw)
    except (*READ_ERRORS, tarfile.TarError, OSError) as error:
        raise DataError(f"the archive cannot be read: {error}; {_REMEDY}", path=archive.place) from error
    opener = _tar_opener if is_tar else _zip_opener
    members = (
        DataFile(PurePosixPath(name.replace("\\", "/")), _within(archive.place, name), opener(archive, name))
        for name in names
        if not is_clutter(name)
    )
    return sorted(members, key=lambda file: file.path)


def _within(place: Path | str, name: str) -> Path | str:
    return place / name if isinstance(place, Path) else f"{place}/{name}"


def _zip_names(raw: BinaryIO) -> list[str]:
    with zipfile.ZipFile(raw) as archive:
        return [info.filename for info in archive.infolist() if not info.is_dir()]


def _tar_names(raw: BinaryIO) -> list[str]:
    with tarfile.open(fileobj=raw) as archive:
        return [member.name for member in archive if member.isfile()]


def _zip_opener(archive: DataFile, name: str) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        with archive.open_raw() as raw, zipfile.ZipFile(raw) as unzipped, unzipped.open(name) as member:
            yield member  # type: ignore[misc]  # a zipfile.ZipExtFile is a BinaryIO in all but name

    return opened


def _tar_opener(archive: DataFile, name: str) -> Callable[[], AbstractContextManager[BinaryIO]]:
    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        with archive.open_raw() as raw, tarfile.open(fileobj=raw) as unpacked:
            member = unpacked.extractfile(name)
            if member is None:
                raise FileNotFoundError(name)
            yield member  # type: ignore[misc]  # likewise

    return opened
