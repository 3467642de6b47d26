"""``movies.csv``: the catalog of a model folder as a table that people can read."""

import csv
from pathlib import Path

import numpy as np

from recsys.catalog import Catalog

MOVIE_COLUMNS = ["movie_id", "title", "year", "genres", "imdb_url"]


def write_movies(catalog: Catalog, path: Path) -> None:
    """Write the movies of a catalog in its order, UTF-8, genres joined by |."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(MOVIE_COLUMNS)
        for index, movie_id in enumerate(catalog.movie_ids.tolist()):
            genres = "|".join(catalog.genres_of(index))
            writer.writerow([movie_id, catalog.titles[index], catalog.years[index], genres, catalog.imdb_urls[index]])


def read_movies(path: Path, genre_names: tuple[str, ...]) -> Catalog:
    """Return the catalog of a table, its genres as columns in the order of ``genre_names``."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    column = {name: number for number, name in enumerate(genre_names)}
    genres = np.zeros((len(rows), len(genre_names)), dtype=bool)
    for index, row in enumerate(rows):
        genres[index, [column[name] for name in row["genres"].split("|") if name]] = True
    return Catalog(
        movie_ids=np.array([row["movie_id"] for row in rows], dtype=np.int64),
        titles=tuple(row["title"] for row in rows),
        years=np.array([row["year"] for row in rows], dtype=np.int32),
        genres=genres,
        genre_names=genre_names,
        imdb_urls=tuple(row["imdb_url"] for row in rows),
    )
