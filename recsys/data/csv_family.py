"""MovieLens in CSV (latest-small, 20M, 25M, 32M): ``ratings.csv``, ``movies.csv`` and perhaps ``links.csv``."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.data.movie_table import MovieRow, build_catalog, split_genres
from recsys.data.rating_table import MOVIE, RATING, TIMESTAMP, USER, RatingLayout, read_rating_table
from recsys.data.records import read_records

FILES = ("ratings.csv", "movies.csv")
RATINGS = RatingLayout(
    separator=",",
    columns=(USER, MOVIE, RATING, TIMESTAMP),
    step=0.5,
    header=("userId", "movieId", "rating", "timestamp"),
)
MOVIES_HEADER = ("movieId", "title", "genres")
LINKS_HEADER = ("movieId", "imdbId", "tmdbId")

_IMDB_ID = re.compile(r"/title/tt([0-9]+)")


def read(folder: Path) -> Dataset:
    """Return the dataset in a folder in the format of the CSV family, or raise a `DataError`.

    It is called as the folder is, when that begins with ``ml-`` as the unpacked archives do, else ``ml-csv``.
    """
    path = folder / "movies.csv"
    links = _read_links(folder / "links.csv")
    catalog = build_catalog(path, _read_movies(path, links))
    folder_name = folder.resolve().name
    name = folder_name if folder_name.startswith("ml-") else "ml-csv"
    return read_rating_table(folder / "ratings.csv", RATINGS).to_dataset(name, catalog)


def write(dataset: Dataset, folder: Path) -> None:
    """Write a dataset into a folder so that `read` gives it back; addresses at IMDb only where they hold its id."""
    folder.mkdir(parents=True, exist_ok=True)
    catalog = dataset.catalog
    genres = ("|".join(catalog.genres_of(row)) or "(no genres listed)" for row in range(catalog.n_items))
    movies = zip(catalog.movie_ids.tolist(), catalog.titles, genres, strict=True)
    ratings = zip(
        dataset.user_ids[dataset.user_indices].tolist(),
        catalog.movie_ids[dataset.item_indices].tolist(),
        (f"{rating:.1f}" for rating in dataset.ratings),
        dataset.timestamps.tolist(),
        strict=True,
    )
    _write_lines(folder / "movies.csv", MOVIES_HEADER, movies)
    _write_lines(folder / "links.csv", LINKS_HEADER, _links(catalog))
    _write_lines(folder / "ratings.csv", RATINGS.header or (), ratings)


def _links(catalog: Catalog) -> Iterator[tuple[int, str, str]]:
    for movie_id, url in zip(catalog.movie_ids.tolist(), catalog.imdb_urls, strict=True):
        found = _IMDB_ID.search(url)
        yield movie_id, found[1] if found else "", ""


def _write_lines(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(header)
        lines.writerows(rows)


def _read_movies(path: Path, links: Mapping[int, str]) -> Iterator[MovieRow]:
    for record in read_records(path, n_fields=3, separator=",", encoding="utf-8", header=MOVIES_HEADER):
        movie_id = record.integer(0, "movie id")
        _, title, genres = record.fields
        yield MovieRow(record.line, movie_id, title, split_genres(genres), imdb_url=links.get(movie_id, ""))


def _read_links(path: Path) -> Mapping[int, str]:
    """Return the address of each movie at IMDb; links to other movies than those of the dataset do no harm."""
    if not path.exists():
        return {}
    urls = {}
    for record in read_records(path, n_fields=3, separator=",", encoding="utf-8", header=LINKS_HEADER):
        if record.fields[1].strip():
            number = record.integer(1, "IMDb id")
            urls[record.integer(0, "movie id")] = f"https://www.imdb.com/title/tt{number:07d}/"
    return urls
