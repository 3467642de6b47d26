"""Files of users' histories, as batch recommendation takes them."""

from pathlib import Path

from recsys.data.formats import DEFAULT_POLICIES
from recsys.data.places.buckets import Bucket, is_bucket
from recsys.data.places.data_file import DataFile, local_file
from recsys.data.policies import Policies
from recsys.data.rating_table import RatingTable
from recsys.data.readers.ratings import read_ratings_file
from recsys.errors import DataError


def read_histories(
    path: Path | str, policies: Policies = DEFAULT_POLICIES, *, s3_endpoint_url: str | None = None
) -> RatingTable:
    """Return who has watched what: ids, and stars where the file has ratings, else None.

    The file is anything that `recsys.data.readers.ratings` reads; the rating may be missing, and movies need not be in
    any catalog.

    Raises
    ------
    DataError
        Whatever is wrong in the file: no such columns, a wrong number of fields, something that is not a number, a
        rating off the scale, no line at all.
    """
    table = read_ratings_file(histories_file(path, s3_endpoint_url)).on_scale(policies)
    return table.without_repeats(policies)


def histories_file(path: Path | str, s3_endpoint_url: str | None) -> DataFile:
    """Return a file of histories, on disk or in a bucket."""
    if not is_bucket(str(path)):
        return local_file(Path(path).expanduser())
    bucket = Bucket(str(path), s3_endpoint_url)
    files, is_file = bucket.files()
    if not is_file:
        raise DataError("this is not a file; name the file of histories", path=bucket.address)
    return next(file for file in files if file.place == bucket.address)
