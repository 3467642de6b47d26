"""Ratings in whatever shape a test wants, of three users and four movies, written by hand."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

RATINGS = [
    (1, 10, 5, 880000001),
    (1, 20, 3, 880000002),
    (2, 10, 4, 880000003),
    (2, 20, 5, 880000006),
    (7, 30, 1, 880000004),
]
MOVIES = [
    (10, "Toy Story (1995)", "Comedy"),
    (20, "Misérables, Les (1995)", "Drama|Musical"),
    (30, "Œuvre \u2013 «Ça» (2001)", ""),
]
HEADER = ("userId", "movieId", "rating", "timestamp")
MOVIES_HEADER = ("movieId", "title", "genres")


def text_of(
    rows: Sequence[Sequence[object]],
    header: Sequence[str] = (),
    *,
    separator: str = ",",
    end: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
) -> str:
    """Return rows as a CSV of some kind."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, delimiter=separator, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    lines.writerows([header, *rows] if header else rows)
    return text.getvalue()


def write_folder(folder: Path, ratings: str, movies: str | None = None, *, name: str = "ratings.csv") -> Path:
    """Write ratings, and the movies above beside them unless others are given."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(ratings, "utf-8", newline="")
    (folder / "movies.csv").write_text(movies or text_of(MOVIES, MOVIES_HEADER), "utf-8", newline="")
    return folder
