"""Which of a place's files are the ratings, the movies, the links: told by their names, or else by their columns."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path, PurePosixPath

from recsys.data.places import DataFile
from recsys.data.readers.columns import MOVIE, MOVIE_NAMES, RATING, RATING_NAMES, TITLE, USER, meanings
from recsys.data.readers.layout import sniff
from recsys.data.readers.parquet import column_names
from recsys.errors import DataError

FAMILIES = (
    ("ml-100k", r"u\.data", r"u\.item"),
    ("ml-1m", r"ratings?\.dat", r"movies?\.dat"),
    ("csv", r"ratings?\.(csv|tsv|txt)", r"movies?\.(csv|tsv|txt)"),
    ("recbole", r".+\.inter", r".+\.item"),
    ("parquet", r"ratings?(\.parquet)?", r"movies?(\.parquet)?"),
)
"""Names of the files of ratings and of movies; of complete pairs the first one is taken."""

WANTED = "u.data and u.item or ratings.dat and movies.dat or ratings.csv and movies.csv"
MAX_FOLDERS = 2
"""How many folders below the one named the data may lie."""
_MAX_LOOKED_INTO = 30  # each table without a known name is opened for its header
_TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".dat", ".data", ".parquet", ".inter")


@dataclass(frozen=True)
class Contents:
    """The files of one dataset.

    Attributes
    ----------
    family
        Which of `FAMILIES` the ratings belong to.
    ratings
        Always there.
    movies, links, genres
        None where there is none.
    """

    family: str
    ratings: DataFile
    movies: DataFile | None = None
    links: DataFile | None = None
    genres: DataFile | None = None


def find_contents(files: Sequence[DataFile], place: Path | str) -> Contents | None:
    """Return the files of the dataset among those of a place; None when there is none.

    It lies in the place itself, or one or two folders deeper where it is the only one; what lies within the folder of
    another dataset does not count.

    Raises
    ------
    DataError
        When a file is missing beside another, or there are several datasets.
    """
    tables = list(_with_partitioned(files))
    folders = {folder: near for folder, near in _by_folder(tables).items() if len(folder.parts) <= MAX_FOLDERS}
    found = {folder: contents for folder, near in folders.items() if (contents := _by_name(near)) is not None}
    outermost = [folder for folder in found if not found.keys() & set(folder.parents)]
    if len(outermost) > 1:
        names = ", ".join(sorted(map(str, outermost)))
        raise DataError(f"there are several datasets here: {names}; name one of them", path=place)
    if outermost:
        return found[outermost[0]]
    _complain_of_half(folders, place)
    return _by_columns(tables, place)


def contents_of_file(file: DataFile, beside: Sequence[DataFile]) -> Contents:
    """Return the dataset of a named file of ratings, with the movies and links among the files beside it."""
    tables = list(_with_partitioned(beside))
    for family, ratings, movies in FAMILIES:
        if re.fullmatch(ratings, file.name):
            same = _first(tables, movies)
            if same is not None:
                return _complete(Contents(family, file, same), tables)
    others = (_first(tables, movies) for _, _, movies in FAMILIES)
    return _complete(Contents("csv", file, next(filter(None, others), None)), tables)


def is_one_table(files: Sequence[DataFile]) -> bool:
    """Return whether the files of a folder are but the parts of one Parquet table, which the folder is called by."""
    names = [name for _, ratings, movies in FAMILIES for name in (ratings, movies)]
    folders = {folder.lower() for file in files for folder in file.path.parts[:-1]}
    known = any(re.fullmatch(name, file.name) for name in names for file in files)
    within = any(re.fullmatch(name, folder) for name in names for folder in folders)
    return bool(files) and all(file.name.endswith(".parquet") for file in files) and not known and not within


def has_columns(file: DataFile, known: Mapping[str, tuple[str, ...]], needed: Iterable[str]) -> bool:
    """Return whether a table names some columns."""
    try:
        if file.is_parquet:
            found: Sequence[str] = meanings(column_names(file), known)
        else:
            found = sniff(file, known).columns
    except DataError:
        return False
    return set(needed) <= set(found)


def _by_name(files: Sequence[DataFile]) -> Contents | None:
    pairs = [(family, _first(files, ratings), _first(files, movies)) for family, ratings, movies in FAMILIES]
    for family, found, movies in pairs:
        if found is not None and movies is not None:
            return _complete(Contents(family, found, movies), files)
    for (family, found, _), (_, _, movies) in product(pairs, pairs):
        if found is not None and movies is not None:
            return _complete(Contents(family, found, movies), files)
    for family, found, _ in pairs:
        if found is not None and has_columns(found, MOVIE_NAMES, (MOVIE, TITLE)):
            return Contents(family, found, found)
    return None


def _complete(contents: Contents, files: Sequence[DataFile]) -> Contents:
    links = _first(files, r"links?\.(csv|tsv|txt)")
    return replace(contents, links=links, genres=_first(files, r"u\.genre"))


def _first(files: Sequence[DataFile], pattern: str) -> DataFile | None:
    return next((file for file in files if re.fullmatch(pattern, file.name)), None)


def _by_folder(files: Sequence[DataFile]) -> dict[PurePosixPath, list[DataFile]]:
    folders: dict[PurePosixPath, list[DataFile]] = {}
    for file in files:
        folders.setdefault(file.path.parent, []).append(file)
    return folders


def _with_partitioned(files: Sequence[DataFile]) -> Iterator[DataFile]:
    """Yield the files, those of a partitioned table as one: the Parquet below ``ratings/`` or ``ratings.parquet/``."""
    parts: dict[PurePosixPath, list[DataFile]] = {}
    for file in files:
        table = _table_of(file)
        if table is None:
            yield file
        else:
            parts.setdefault(table, []).append(file)
    for table, members in parts.items():
        yield partitioned(table, members)


def partitioned(table: PurePosixPath, members: Sequence[DataFile]) -> DataFile:
    """Return the parts of a table as one file, called by their folder."""
    place = members[0].place
    up = len(members[0].path.parts) - len(table.parts)
    shown = place.parents[up - 1] if isinstance(place, Path) else "/".join(place.split("/")[:-up])
    return DataFile(table, shown, members[0].open_raw, tuple(members))


def _table_of(file: DataFile) -> PurePosixPath | None:
    if not file.name.endswith(".parquet"):
        return None
    above = [
        folder for folder in file.path.parents if re.fullmatch(r"(ratings?|movies?)(\.parquet)?", folder.name.lower())
    ]
    return above[-1] if above else None


def _complain_of_half(folders: Mapping[PurePosixPath, Sequence[DataFile]], place: Path | str) -> None:
    """Raise a `DataError` when the ratings or the movies lie in a folder without the other."""
    for files in folders.values():
        for _, ratings, movies in FAMILIES:
            for there, missing in ((ratings, movies), (movies, ratings)):
                file = _first(files, there)
                if file is not None:
                    raise _missing(file, missing, place)


def _missing(file: DataFile, pattern: str, place: Path | str) -> DataError:
    name = re.sub(r"\(.*\)|\?|\\", "", pattern).rstrip(".")
    suffix = PurePosixPath(file.name).suffix
    name = f"{file.path.stem}{name[2:]}" if name.startswith(".+") else name if "." in name else name + suffix
    problem = f"the file {name} is missing; put it there, or name the folder or file that holds the data"
    shown = file.place.parent / name if isinstance(file.place, Path) else place
    return DataError(problem, path=shown)


def _by_columns(files: Sequence[DataFile], place: Path | str) -> Contents | None:
    """Return the only table with users, movies and ratings, whatever it is called, and that with titles beside it."""
    near = [file for file in files if len(file.path.parts) <= MAX_FOLDERS + 1 and file.name.endswith(_TABLE_SUFFIXES)]
    if len(near) > _MAX_LOOKED_INTO:
        return None
    found = [file for file in near if has_columns(file, RATING_NAMES, (USER, MOVIE, RATING))]
    if len(found) > 1:
        names = ", ".join(str(file.path) for file in found)
        raise DataError(f"there are several files of ratings here: {names}; name one of them", path=place)
    if not found:
        return None
    titled = [file for file in near if file is not found[0] and has_columns(file, MOVIE_NAMES, (MOVIE, TITLE))]
    return _complete(Contents("csv", found[0], titled[0] if titled else None), files)
