"""The files below an address in an S3 bucket, read in place and in pieces.

pyarrow's file system does it rather than boto3: pyarrow reads the ratings anyway, it fetches only those columns of
Parquet that are wanted, and the training image holds it already, while boto3 would come on top. It takes the same
``AWS_*`` variables and ``~/.aws`` files; the address of another store than Amazon's is MLflow's variable,
``MLFLOW_S3_ENDPOINT_URL``.
"""

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlsplit

from recsys.data.places.data_file import DataFile, is_clutter
from recsys.errors import DataError, UnreachableError

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, FileSystem

_ADDRESS = re.compile(r"s3a?:/{1,2}(?P<bucket>[^/]+)/?(?P<key>.*)")  # `Path` takes one of two slashes away
_CONNECT_SECONDS = 5.0


def is_bucket(place: str) -> bool:
    """Return whether a place is an address in a bucket."""
    return re.match(r"s3a?:/", place) is not None


class Bucket:
    """What lies below one address ``s3://bucket/key``.

    Raises
    ------
    DataError
        When the address has no bucket, or nothing lies there.
    UnreachableError
        When the store does not answer, or refuses.
    """

    def __init__(self, address: str, endpoint_url: str | None) -> None:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            raise DataError("this is not an address in a bucket; write s3://bucket/prefix", value=address)
        self._key = f"{match['bucket']}/{match['key']}".rstrip("/")
        self.address = f"s3://{self._key}"
        self._endpoint_url = endpoint_url
        self._files: FileSystem = _file_system(endpoint_url)

    def files(self) -> tuple[list[DataFile], bool]:
        """Return the files below the address, and whether the address is itself one file, then with those beside it."""
        from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - loading it takes a while; most data are local

        try:
            info = self._files.get_file_info(self._key)
            if info.type == FileType.NotFound:
                raise DataError(
                    "nothing lies at this address; correct it, or put the data there first", path=self.address
                )
            is_file = info.type == FileType.File
            folder = str(PurePosixPath(self._key).parent) if is_file else self._key
            found = self._files.get_file_info(FileSelector(folder, recursive=not is_file))
        except OSError as error:
            raise self._unreachable(error) from error
        wanted = (entry for entry in found if entry.type == FileType.File)
        files = [self._file(entry, folder) for entry in wanted if not is_clutter(entry.path.removeprefix(folder + "/"))]
        return sorted(files, key=lambda file: file.path), is_file

    def beside(self) -> list[DataFile]:
        """Return the files that lie in the same folder as the address, none from below."""
        from pyarrow.fs import FileSelector, FileType  # noqa: PLC0415 - as above

        folder = str(PurePosixPath(self._key).parent)
        if folder == ".":  # the address is a whole bucket
            return []
        try:
            found = self._files.get_file_info(FileSelector(folder))
        except OSError as error:
            raise self._unreachable(error) from error
        return [self._file(entry, folder) for entry in found if entry.type == FileType.File]

    def _file(self, info: "FileInfo", folder: str) -> DataFile:
        def opened() -> BinaryIO:
            return cast(BinaryIO, self._files.open_input_file(info.path))

        return DataFile(PurePosixPath(info.path.removeprefix(folder + "/")), f"s3://{info.path}", opened)

    def _unreachable(self, error: OSError) -> UnreachableError:
        store = self._endpoint_url or "Amazon S3"
        reason = re.sub(r"\s+", " ", str(error)).strip()[:300]
        remedy = "check the address, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and MLFLOW_S3_ENDPOINT_URL"
        return UnreachableError(f"{self.address} cannot be read from {store}: {reason}; {remedy}")


def _file_system(endpoint_url: str | None) -> "FileSystem":
    from pyarrow.fs import S3FileSystem  # noqa: PLC0415 - as above

    if not endpoint_url:
        return S3FileSystem(connect_timeout=_CONNECT_SECONDS)
    parts = urlsplit(endpoint_url if "://" in endpoint_url else f"http://{endpoint_url}")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise DataError("MLFLOW_S3_ENDPOINT_URL is not an address; write http://host:port", value=endpoint_url)
    return S3FileSystem(
        endpoint_override=parts.netloc, scheme=parts.scheme, connect_timeout=_CONNECT_SECONDS, allow_delayed_open=False
    )
