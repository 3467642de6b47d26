"""MovieLens in CSV (latest-small, 20M, 25M, 32M), written: ``ratings.csv``, ``movies.csv`` and ``links.csv``."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset

RATINGS_HEADER = ("userId", "movieId", "rating", "timestamp")
MOVIES_HEADER = ("movieId", "title", "genres")
LINKS_HEADER = ("movieId", "imdbId", "tmdbId")

_IMDB_ID = re.compile(r"/title/tt([0-9]+)")


def write(dataset: Dataset, folder: Path) -> None:
    """Write a dataset into a folder so that `open_dataset` gives it back; addresses at IMDb where they hold its id."""
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
    _write_lines(folder / "ratings.csv", RATINGS_HEADER, ratings)


def _links(catalog: Catalog) -> Iterator[tuple[int, str, str]]:
    for movie_id, url in zip(catalog.movie_ids.tolist(), catalog.imdb_urls, strict=True):
        found = _IMDB_ID.search(url)
        yield movie_id, found[1] if found else "", ""


def _write_lines(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(header)
        lines.writerows(rows)
