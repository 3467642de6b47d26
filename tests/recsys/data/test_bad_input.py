"""Every bad input is a `DataError` with the file, the line, the value and the remedy."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from recsys.data import open_dataset
from recsys.data.policies import Policies
from recsys.errors import DataError
from tests.recsys.data.folders import (
    CSV_MOVIES,
    CSV_RATINGS,
    ML1M_MOVIES,
    ML1M_RATINGS,
    ML100K_MOVIES,
    ML100K_RATINGS,
    write_csv_family,
    write_ml1m,
    write_ml100k,
)


class Format(NamedTuple):
    write: Callable[..., Path]
    file_name: str
    ratings: str
    separator: str
    header: str


FORMATS = [
    Format(write_ml100k, "u.data", ML100K_RATINGS, "\t", ""),
    Format(write_ml1m, "ratings.dat", ML1M_RATINGS, "::", ""),
    Format(write_csv_family, "ratings.csv", CSV_RATINGS, ",", CSV_RATINGS.splitlines()[0]),
]
each_format = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.file_name)
BAD_LINES = [
    ("too few fields", ["2", "30", "3"], "expected 4 fields", "2,30,3"),
    ("too many fields", ["2", "30", "3", "4", "5"], "expected 4 fields", "2,30,3,4,5"),
    ("empty field at the end", ["2", "30", "3", "4", ""], "expected 4 fields", "2,30,3,4,"),
    ("user is text", ["two", "30", "3", "4"], "the user id is not a whole number", "two"),
    ("movie is a fraction", ["2", "30.5", "3", "4"], "the movie id is not a whole number", "30.5"),
    ("movie is missing", ["2", "", "3", "4"], "the movie id is not a whole number", ""),
    ("movie is huge", ["2", "9" * 20, "3", "4"], "the movie id does not fit into 64 bits", "9" * 20),
    ("rating is text", ["2", "30", "good", "4"], "the rating is not a number", "good"),
    ("rating is NaN", ["2", "30", "nan", "4"], "the rating is not a number", "nan"),
    ("rating is infinite", ["2", "30", "inf", "4"], "the rating is not a number", "inf"),
    ("rating is missing", ["2", "30", "", "4"], "the rating is not a number", ""),
    ("rating is zero", ["2", "30", "0", "4"], "the rating is off the scale", "0"),
    ("rating is negative", ["2", "30", "-1", "4"], "the rating is off the scale", "-1"),
    ("rating is six", ["2", "30", "6", "4"], "the rating is off the scale", "6"),
    ("rating is between stars", ["2", "30", "3.25", "4"], "the rating is off the scale", "3.25"),
    ("time is text", ["2", "30", "3", "yesterday"], "the timestamp is not a whole number", "yesterday"),
    ("movie is unknown", ["2", "50", "3", "4"], "the movie id is not in the file of movies", "50"),
]


@each_format
@pytest.mark.parametrize(
    ("fields", "problem", "value"), [line[1:] for line in BAD_LINES], ids=[b[0] for b in BAD_LINES]
)
def test_read_bad_line_of_ratings_names_file_line_and_value(
    form: Format, fields: list[str], problem: str, value: str, tmp_path: Path
) -> None:
    lines = form.ratings.splitlines()
    lines[2:2] = ["", form.separator.join(fields)]  # a blank line before it must not shift the count
    with pytest.raises(DataError, match=problem) as caught:
        open_dataset(form.write(tmp_path, ratings="\n".join(lines)))
    expected = form.separator.join(fields) if "fields" in problem else value
    assert (caught.value.path, caught.value.line, caught.value.value) == (tmp_path / form.file_name, 4, expected)


@each_format
def test_read_pair_twice_where_that_is_refused_names_both_lines(form: Format, tmp_path: Path) -> None:
    again = form.separator.join(["2", "10", "1", "880000009"])
    first, second = (4, 8) if form.header else (3, 7)
    folder = form.write(tmp_path, ratings=form.ratings + again)
    with pytest.raises(DataError, match=f"user 2 has rated movie 10 already in line {first}") as caught:
        open_dataset(folder, Policies(duplicates="error"))
    assert (caught.value.path, caught.value.line) == (tmp_path / form.file_name, second)


@each_format
def test_read_no_ratings_is_an_error(form: Format, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"{form.file_name}: the file holds no rating"):
        open_dataset(form.write(tmp_path, ratings=form.header))


@pytest.mark.parametrize(
    ("write", "movies", "line", "problem"),
    [
        (write_ml100k, ML100K_MOVIES + "50|Short line (1990)|||\n", 5, "expected 24 fields between '|', found 5"),
        (write_ml100k, ML100K_MOVIES.replace("20|", "x|", 1), 2, "the movie id is not a whole number"),
        (write_ml100k, ML100K_MOVIES.replace("|1|", "|2|", 1), 1, "a genre flag is neither 0 nor 1"),
        (write_ml100k, ML100K_MOVIES.replace("20|", "10|", 1), 2, "the movie id stands already in line 1"),
        (write_ml1m, ML1M_MOVIES.replace("::Horror", ""), 3, "expected 3 fields between '::', found 2"),
        (write_ml1m, ML1M_MOVIES.replace("40::", "10::"), 4, "the movie id stands already in line 1"),
        (write_csv_family, CSV_MOVIES.replace('"Misérables, Les (1995)"', "Misérables, Les"), 3, "expected 3 fields"),
        (write_csv_family, CSV_MOVIES.replace('(1995)"', "(1995)"), 3, "a quote is not closed"),
        (write_csv_family, CSV_MOVIES.replace("title", "label"), 1, "expected the header 'movieId,title,genres'"),
        (write_csv_family, CSV_MOVIES.replace("40,", "20,"), 5, "the movie id stands already in line 3"),
    ],
)
def test_read_bad_line_of_movies_names_file_and_line(
    write: Callable[..., Path], movies: str, line: int, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError) as caught:
        open_dataset(write(tmp_path, movies=movies))
    assert problem in str(caught.value)
    assert caught.value.line == line
    assert caught.value.path is not None
    assert caught.value.path.name in {"u.item", "movies.dat", "movies.csv"}


@pytest.mark.parametrize("write", [write_ml100k, write_ml1m, write_csv_family])
def test_read_no_movies_is_an_error(write: Callable[..., Path], tmp_path: Path) -> None:
    movies = "movieId,title,genres\n" if write is write_csv_family else ""
    with pytest.raises(DataError, match="the file holds no movie"):
        open_dataset(write(tmp_path, movies=movies))


def test_read_entirely_empty_csv_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the file holds no movie"):
        open_dataset(write_csv_family(tmp_path, movies=""))
    with pytest.raises(DataError, match="the file holds no rating"):
        open_dataset(write_csv_family(tmp_path, ratings=""))


def test_read_csv_ratings_without_header_says_which(tmp_path: Path) -> None:
    ratings = CSV_RATINGS.split("\n", 1)[1]
    with pytest.raises(DataError, match=r"line 1: expected the header 'userId,movieId,rating,timestamp'.*1,10,5\.0"):
        open_dataset(write_csv_family(tmp_path, ratings=ratings))


def test_read_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    (write_ml100k(tmp_path) / "u.item").unlink()
    (tmp_path / "u.item").mkdir()
    with pytest.raises(DataError, match=r"the file u\.item is missing"):
        open_dataset(tmp_path)


def test_read_bytes_of_another_kind_is_an_error_of_bounded_length(tmp_path: Path) -> None:
    (write_ml100k(tmp_path) / "u.item").write_bytes(b"\x00\xff\xfe" * 10_000)
    with pytest.raises(DataError, match=r"expected 24 fields between '\|', found 1") as caught:
        open_dataset(tmp_path)
    assert len(str(caught.value)) < 1000
