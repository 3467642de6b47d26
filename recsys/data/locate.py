"""Which data to use: those in the folder, else the download, else, where nothing forbids it, the embedded sample."""

from collections.abc import Callable
from pathlib import Path

from loguru import logger

from recsys.data.dataset import Dataset
from recsys.data.download import URL, download_ml100k
from recsys.data.formats import DEFAULT_POLICIES, open_dataset
from recsys.data.places.buckets import is_bucket
from recsys.data.policies import Policies
from recsys.data.sample import sample_dataset
from recsys.errors import DataError, UnreachableError

SAMPLE = Path("sample")
"""Asks for the embedded sample by name, unless there is a folder of this name."""


def find_dataset(
    place: Path | str,
    *,
    explicit: bool,
    allow_download: bool = True,
    url: str = URL,
    progress: bool = True,
    show_license: Callable[[str], None] | None = None,
    forbid_sample: Callable[[str], None] | None = None,
    policies: Policies = DEFAULT_POLICIES,
    s3_endpoint_url: str | None = None,
) -> Dataset:
    """Return the dataset in a place; in an empty folder, MovieLens 100K fetched into it, or else the embedded sample.

    Parameters
    ----------
    place
        Where the data are, as for `open_dataset`, or the folder where they shall be. A ``README.md`` and hidden files
        do not count as content.
    explicit
        Whether somebody has named the place. Then it has to exist: a typing error must not train on other data.
    allow_download
        Whether to try GroupLens when the folder is empty.
    url, progress, show_license
        As in `download_ml100k`.
    forbid_sample
        Called with the reason before the embedded sample is used that nobody has asked for; raises a `DataError` where
        invented ratings would do harm.
    policies, s3_endpoint_url
        As in `open_dataset`.

    Raises
    ------
    DataError
        A named folder that does not exist, a folder with other files than a dataset, data that are wrong in any way,
        a download that is not MovieLens 100K. None of these falls back to the sample.
    """
    if is_bucket(str(place)):
        return open_dataset(place, policies, s3_endpoint_url=s3_endpoint_url)
    folder = Path(place).expanduser()
    if folder == SAMPLE and not folder.exists():
        return _sample("it was asked for by its name")
    if explicit and not folder.exists():
        raise DataError("there is no such folder; correct its name, or create it to have data put there", path=folder)
    if not is_empty(folder):
        return open_dataset(folder, policies)
    reason = f"the folder {folder} is empty and the download is switched off"
    if allow_download:
        try:
            download_ml100k(folder, url=url, progress=progress, show_license=show_license)
            return open_dataset(folder)
        except UnreachableError as error:
            reason = str(error)
    if forbid_sample is not None:
        forbid_sample(reason)
    return _sample(reason)


def is_empty(folder: Path) -> bool:
    """Return whether a folder is missing or holds nothing but a ``README.md`` and hidden files."""
    if not folder.is_dir():
        return not folder.exists()
    return all(path.name == "README.md" or path.name.startswith(".") for path in folder.iterdir())


def _sample(reason: str) -> Dataset:
    logger.warning("NOT MOVIELENS: using the embedded sample, real films with invented ratings, because {}", reason)
    return sample_dataset()
