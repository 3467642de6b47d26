"""From a place, whatever lies in it and however it is written, to a dataset."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from loguru import logger
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.data.contents import (
    WANTED,
    Contents,
    contents_of_file,
    find_contents,
    has_columns,
    is_one_table,
    partitioned,
)
from recsys.data.dataset import Dataset
from recsys.data.movie_table import MovieRow, build_catalog
from recsys.data.places import DataFile
from recsys.data.places.archives import is_archive, list_archive
from recsys.data.places.buckets import Bucket, is_bucket
from recsys.data.places.data_file import local_file
from recsys.data.places.folders import list_beside, list_folder
from recsys.data.policies import Note, Policies
from recsys.data.readers.columns import MOVIE, MOVIE_NAMES, TITLE
from recsys.data.readers.links import read_links
from recsys.data.readers.movies import read_movies_file
from recsys.data.readers.ratings import read_ratings_file
from recsys.data.readers.titles_among_ratings import read_titles_among_ratings
from recsys.data.readers.u_item import GENRES, read_genre_names, read_u_item
from recsys.errors import DataError

DEFAULT_POLICIES = Policies()


def open_dataset(
    place: Path | str, policies: Policies = DEFAULT_POLICIES, *, s3_endpoint_url: str | None = None
) -> Dataset:
    """Return the dataset in a place, whose format is told by its files.

    Parameters
    ----------
    place
        A folder, a file of ratings, an archive, or ``s3://bucket/prefix`` of any of these; ``~`` is one's home.
    policies
        What to do with ratings that cannot be taken as they are.
    s3_endpoint_url
        Address of the store, when it is not Amazon's.

    Raises
    ------
    DataError
        No such place, no known files in it, or anything wrong within them.
    """
    found = locate_contents(place, s3_endpoint_url=s3_endpoint_url)
    return read_contents(found.contents, found.place, policies)


class Located(NamedTuple):
    """The files of a dataset, and the place that they were found in: an archive within a folder, for one."""

    contents: Contents
    place: Path | str


def locate_contents(place: Path | str, *, s3_endpoint_url: str | None = None) -> Located:
    """Return the files of the dataset in a place, of which little is read; the parameters are those of `open_dataset`.

    Raises
    ------
    DataError
        No such place, or no known files in it.
    """
    if is_bucket(str(place)):
        bucket = Bucket(str(place), s3_endpoint_url)
        files, is_file = bucket.files()
        wanted = bucket.address.rsplit("/", 1)[-1]
        named = next((file for file in files if is_file and file.path.name == wanted), None)
        return _locate(files, named, bucket.beside, bucket.address)
    path = Path(place).expanduser()
    if path.is_dir():
        return _locate(list_folder(path), None, partial(list_beside, path), path)
    if not path.exists():
        raise DataError(f"there is no such folder; name one that holds {WANTED}, or such a file", path=path)
    return _locate(list_beside(path), local_file(path), list, path)


def _locate(
    files: Sequence[DataFile],
    named: DataFile | None,
    beside: Callable[[], Sequence[DataFile]],
    place: Path | str,
) -> Located:
    """Return the dataset among the files of a place, or of the named one; ``beside`` lists a folder's neighbors."""
    if named is not None:
        if _is_archive_of_several(named):
            return _locate(list_archive(named), None, list, place)
        return Located(contents_of_file(named, files), place)
    if is_one_table(files):
        return Located(contents_of_file(partitioned(PurePosixPath(), files), beside()), place)
    contents = find_contents(files, place)
    if contents is not None:
        return Located(contents, place)
    archives = [file for file in files if len(file.path.parts) == 1 and is_archive(file)]
    if not archives:
        raise DataError(f"no known dataset was found; looked for {WANTED}, and for an archive", path=place)
    if len(archives) > 1:
        names = ", ".join(archive.path.name for archive in archives)
        raise DataError(f"there are several archives here: {names}; name one of them", path=place)
    return _locate(list_archive(archives[0]), None, list, archives[0].place)


def _is_archive_of_several(file: DataFile) -> bool:
    if not is_archive(file):
        return False
    # rating.csv.zip stands for rating.csv, ml-100k.zip for a folder
    return file.name == file.path.name.lower() or len(list_archive(file)) > 1


def read_contents(contents: Contents, place: Path | str, policies: Policies) -> Dataset:
    """Return the dataset of the files that have been found."""
    table = read_ratings_file(contents.ratings).on_scale(policies)
    catalog, notes = read_catalog(contents, lambda: table.movie_ids)
    has_halves = table.ratings is not None and bool((table.ratings % 1).any())
    return table.to_dataset(dataset_name(contents, place, has_halves=has_halves), catalog, policies, notes)


def read_catalog(contents: Contents, rated: Callable[[], NDArray[np.integer]]) -> tuple[Catalog, tuple[Note, ...]]:
    """Return the movies of a dataset, and what was invented or left out; ``rated`` are the ids where no file tells."""
    movies, source = contents.movies, contents.ratings
    if movies is not None and movies.name.startswith("u.item"):
        genres = read_genre_names(contents.genres)
        return build_catalog(movies.place, read_u_item(movies, genres), genres), ()
    urls, notes = read_links(contents.links)
    if movies is None and has_columns(contents.ratings, MOVIE_NAMES, (MOVIE, TITLE)):
        movies = contents.ratings
    if movies is contents.ratings:
        return build_catalog(movies.place, read_titles_among_ratings(movies)), notes
    if movies is None:
        logger.warning("there is no file of movies beside {}; movies are called by their ids", source.path.name)
        note = Note(source.path.name, "titles, as there is no file of movies", "invented", 1)
        return build_catalog(source.place, untitled(rated())), (*notes, note)
    rows = read_movies_file(movies, GENRES)
    with_urls = (row if row.imdb_url else row.with_url(urls.get(row.movie_id, "")) for row in rows)
    return build_catalog(movies.place, with_urls), notes


def untitled(movie_ids: NDArray[np.integer]) -> list[MovieRow]:
    """Return the rated movies, called by their ids."""
    return [MovieRow(0, movie_id, f"Movie {movie_id}", []) for movie_id in np.unique(movie_ids).tolist()]


def dataset_name(contents: Contents, place: Path | str, *, has_halves: bool) -> str:
    """Return what the dataset is called: by its folder, archive or file where that begins with ``ml-``.

    ``has_halves`` tells whether half stars are given, by which MovieLens 10M differs from 1M.
    """
    if contents.family == "ml-100k":
        return "ml-100k"
    folder = Path(str(contents.ratings.place)).absolute().parent.name
    candidates = (folder, Path(str(place)).name.split(".")[0], contents.ratings.path.name.split(".")[0])
    named = next((name for name in candidates if name.lower().startswith("ml-")), None)
    if named is not None:
        return named
    if contents.family == "ml-1m":
        return "ml-10m" if has_halves else "ml-1m"
    return "ml-csv" if contents.family == "csv" else f"ml-{contents.family}"
