"""A file of a place, to be opened as plain bytes whatever it lies in and however it is compressed."""

import bz2
import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow.lib import ArrowException

from recsys.errors import DataError

_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_OPENERS: dict[str, Callable[[BinaryIO], Any]] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
_SUFFIXES = (".gz", ".gzip", ".bz2", ".xz", ".zst", ".zip")
_MAGIC_BYTES = 6
_BUFFER_BYTES = 1 << 20
_SPOOLED_BYTES = 1 << 26
_CLUTTER = (
    *(".", "__MACOSX", "Thumbs.db", "desktop.ini"),
    *("_SUCCESS", "_metadata", "_common_metadata", "_committed_", "_started_"),  # Spark's
)
PARQUET_MAGIC = b"PAR1"
READ_ERRORS = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What the libraries raise for compressed bytes that are cut off, altered, encrypted or of a kind they cannot read."""


@dataclass(frozen=True)
class DataFile:
    """A file of ratings, movies or anything beside them.

    Attributes
    ----------
    path
        Within its place, in the place's own spelling.
    place
        For messages: the path on disk, ``ml.zip/ml-100k/u.data`` or an address.
    open_raw
        Opens its bytes as they are stored; may be called any number of times.
    parts
        The files of a partitioned table, of which this is the folder; empty for every other.
    """

    path: PurePosixPath
    place: Path | str
    open_raw: Callable[[], AbstractContextManager[BinaryIO]]
    parts: Sequence["DataFile"] = ()

    @property
    def name(self) -> str:
        """Return the bare name in lower case, without the suffix of a compression: ``ratings.csv``."""
        name = self.path.name.lower()
        suffix = PurePosixPath(name).suffix
        return name.removesuffix(suffix) if suffix in _SUFFIXES and "." in name.removesuffix(suffix) else name

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Open the file's bytes, decompressed, or raise a `DataError` that says why that is not possible."""
        try:
            with self.open_raw() as raw, decompressed(raw) as file:
                yield file
        except FileNotFoundError as error:
            raise self.missing() from error
        except (*READ_ERRORS, ArrowException, OSError) as error:
            reason = getattr(error, "strerror", None) or str(error).partition("\n")[0] or type(error).__name__
            remedy = "check its kind and permissions, and that it was copied completely"
            raise DataError(f"the file cannot be read: {reason}; {remedy}", path=self.place) from error

    def missing(self) -> DataError:
        """Return the complaint that the file is not there, to be raised."""
        problem = f"the file {self.path.name} is missing; put it there, or name the folder or file that holds the data"
        return DataError(problem, path=self.place)

    def read_bytes(self) -> bytes:
        """Return all bytes, decompressed."""
        with self.opened() as file:
            return file.read()

    def head(self, size: int) -> bytes:
        """Return the first bytes, decompressed."""
        with self.opened() as file:
            return file.read(size)

    @property
    def is_parquet(self) -> bool:
        """Return whether the file, or its parts, are Parquet, as their first bytes tell."""
        return bool(self.parts) or self.head(len(PARQUET_MAGIC)) == PARQUET_MAGIC


@contextmanager
def decompressed(raw: BinaryIO) -> Iterator[BinaryIO]:
    """Give the bytes within a compression that the first bytes tell; without one, the same bytes.

    The name does not matter: many a ``ratings.csv`` has been saved compressed by a browser, or the other way around.
    """
    kind = kind_of(raw)
    if kind == "zip":
        with zipfile.ZipFile(raw) as archive, archive.open(_only_member(archive)) as member:
            yield member  # type: ignore[misc]  # a zipfile.ZipExtFile is a BinaryIO in all but name
    elif kind == "zstd":
        # pyarrow's stream cannot go back to its start, which readers do
        with tempfile.SpooledTemporaryFile(_SPOOLED_BYTES) as spool:
            shutil.copyfileobj(pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), "zstd"), spool)
            spool.seek(0)
            yield spool  # type: ignore[misc]
    elif kind in ("gzip", "bz2", "xz"):
        with _OPENERS[kind](raw) as file:
            yield file
    elif isinstance(raw, pa.NativeFile):
        yield io.BufferedReader(raw, _BUFFER_BYTES)  # it has no lines of its own
    else:
        yield raw


def kind_of(raw: BinaryIO) -> str:
    """Return ``gzip``, ``zip``, ``bz2``, ``xz``, ``zstd`` or an empty text; the stream is left at its start."""
    start = raw.read(_MAGIC_BYTES)
    raw.seek(0)
    return next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "")


def local_file(path: Path, relative: PurePosixPath | None = None) -> DataFile:
    """Return a file on disk, which need not exist yet."""
    return DataFile(relative or PurePosixPath(path.name), path, lambda: path.open("rb"))


def _only_member(archive: zipfile.ZipFile) -> str:
    """Return the name of the only file in a zip that stands for a single file, as Kaggle's ``rating.csv.zip``."""
    names = [info.filename for info in archive.infolist() if not info.is_dir() and not is_clutter(info.filename)]
    if len(names) != 1:
        raise zipfile.BadZipFile(f"the zip holds {len(names)} files where one is expected")
    return names[0]


def is_clutter(name: str) -> bool:
    """Return whether a path is hidden, or what systems leave beside data, as ``__MACOSX/._ratings.csv`` is."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(_CLUTTER) for part in parts)
