"""Ratings as people have them: every shape gives the same dataset."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recsys.data import Dataset, open_dataset
from recsys.data.policies import Policies, Scale
from recsys.errors import DataError
from tests.recsys.data.tables import HEADER, MOVIES, RATINGS, text_of, write_folder


def same_ratings(dataset: Dataset, *, times: bool = True) -> bool:
    """Return whether a dataset holds the ratings of the tables."""
    found = zip(
        dataset.user_ids[dataset.user_indices].tolist(),
        dataset.catalog.movie_ids[dataset.item_indices].tolist(),
        dataset.ratings.tolist(),
        dataset.timestamps.tolist(),
        strict=True,
    )
    return sorted(found) == [(user, movie, stars, time if times else 0) for user, movie, stars, time in sorted(RATINGS)]


def dated(form: str) -> list[tuple[object, ...]]:
    return [(*row[:3], datetime.fromtimestamp(row[3], UTC).strftime(form)) for row in RATINGS]


SHAPES = {
    "as it is": text_of(RATINGS, HEADER),
    "other order": text_of([row[::-1] for row in RATINGS], HEADER[::-1]),
    "index column": text_of([(n, *row) for n, row in enumerate(RATINGS)], ("", *HEADER)),
    "pandas' index column": text_of([(n, *row) for n, row in enumerate(RATINGS)], ("Unnamed: 0", *HEADER)),
    "extra columns of text": text_of([(*row, "fine, yes\nreally") for row in RATINGS], (*HEADER, "note")),
    "snake case": text_of(RATINGS, ("user_id", "movie_id", "rating", "timestamp")),
    "item ids": text_of(RATINGS, ("user", "item", "rating", "timestamp")),
    "words with blanks": text_of(RATINGS, ("User ID", "Movie ID", "Rating", "Timestamp")),
    "shouted": text_of(RATINGS, ("USERID", "MOVIEID", "RATING", "TIMESTAMP")),
    "empty columns at the end": text_of([(*row, "", "") for row in RATINGS], (*HEADER, "", "")),
    "a comma at the end of every line": text_of([(*row, "") for row in RATINGS], HEADER),
    "a comma at the end of the header": text_of(RATINGS, (*HEADER, "")),
    "semicolons": text_of(RATINGS, HEADER, separator=";"),
    "tabs": text_of(RATINGS, HEADER, separator="\t"),
    "pipes": text_of(RATINGS, HEADER, separator="|"),
    "blanks": text_of(RATINGS, HEADER, separator=" "),
    "Excel's first line": "sep=;\r\n" + text_of(RATINGS, HEADER, separator=";", end="\r\n"),
    "quotes around everything": text_of(RATINGS, HEADER, quoting=csv.QUOTE_ALL),
    "R's write.csv": text_of(
        [(str(n), *row) for n, row in enumerate(RATINGS, 1)], ("", *HEADER), quoting=csv.QUOTE_NONNUMERIC
    ),
    "R's write.table": text_of(
        [(str(n), *row) for n, row in enumerate(RATINGS, 1)], separator=" ", quoting=csv.QUOTE_NONNUMERIC
    ).join(['"userId" "movieId" "rating" "timestamp"\n', ""]),
    "Windows' line ends": text_of(RATINGS, HEADER, end="\r\n"),
    "old Macs' line ends": text_of(RATINGS, HEADER, end="\r"),
    "no line end at the end": text_of(RATINGS, HEADER).rstrip("\n"),
    "blank lines": text_of(RATINGS, HEADER).replace("\n", "\n\n") + "  \n",
    "a mark at the start": "\ufeff" + text_of(RATINGS, HEADER),
    "blanks around": text_of([tuple(f" {value} " for value in row) for row in RATINGS], HEADER),
    "ids as floats": text_of([(float(row[0]), float(row[1]), *row[2:]) for row in RATINGS], HEADER),
    "one id as a float": text_of([*RATINGS[:4], ("7.0", *RATINGS[4][1:])], HEADER),
    "everything as floats": text_of([tuple(map(float, row)) for row in RATINGS], HEADER),
    "R's large round numbers": text_of([(row[0], row[1], row[2], f"{row[3]:.9e}") for row in RATINGS], HEADER),
    "plus signs": text_of([(f"+{row[0]}", *row[1:]) for row in RATINGS], HEADER),
    "milliseconds": text_of([(*row[:3], row[3] * 1000 + 7) for row in RATINGS], HEADER),
    "microseconds": text_of([(*row[:3], row[3] * 1_000_000 + 7) for row in RATINGS], HEADER),
    "fractions of a second": text_of([(*row[:3], f"{row[3]}.25") for row in RATINGS], HEADER),
    "Kaggle's dates": text_of(dated("%Y-%m-%d %H:%M:%S"), HEADER, quoting=csv.QUOTE_NONNUMERIC),
    "ISO dates": text_of(dated("%Y-%m-%dT%H:%M:%S"), HEADER),
    "ISO dates in UTC": text_of(dated("%Y-%m-%dT%H:%M:%SZ"), HEADER),
    "ISO dates with milliseconds": text_of(dated("%Y-%m-%dT%H:%M:%S.123Z"), HEADER),
    "dates with a zone": text_of(dated("%Y-%m-%d %H:%M:%S+00:00"), HEADER),
    "dates with a zone apart": text_of(dated("%Y-%m-%d %H:%M:%S +0000"), HEADER),
    "dates with slashes, year first": text_of(dated("%Y/%m/%d %H:%M:%S"), HEADER),
    "German dates": text_of(dated("%d.%m.%Y %H:%M:%S"), HEADER),
    "American dates": text_of(dated("%m/%d/%Y %I:%M:%S %p"), HEADER),
    "British dates": text_of([*dated("%d/%m/%Y %H:%M:%S")], HEADER),
    "dates without zeros": text_of(dated("%Y-%m-%d %H:%M:%S"), HEADER).replace("-0", "-").replace(" 0", " "),
    "compact dates": text_of(dated("%Y%m%dT%H%M%S"), HEADER),
    "dates with a name": text_of(dated("%d-%b-%Y %H:%M:%S"), HEADER),
    "dates of C": text_of(dated("%a %b %d %H:%M:%S %Y"), HEADER),
    "dates of mails": text_of(dated("%a, %d %b %Y %H:%M:%S +0000"), HEADER),
    "RecBole": text_of(RATINGS, ("user_id:token", "item_id:token", "rating:float", "timestamp:float"), separator="\t"),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_open_dataset_shape_of_ratings_makes_no_difference(text: str, tmp_path: Path) -> None:
    assert same_ratings(open_dataset(write_folder(tmp_path, text)))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1"])
def test_open_dataset_encoding_of_ratings_makes_no_difference(encoding: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, "")
    text = text_of([(*row, "für später") for row in RATINGS], (*HEADER, "note"))
    (folder / "ratings.csv").write_bytes(text.encode(encoding))
    assert same_ratings(open_dataset(folder))


def test_open_dataset_decimal_commas_are_read(tmp_path: Path) -> None:
    rows = [(1, 10, "4,5", 1), (1, 20, "5", 2), (2, 10, "0,5", 3)]
    dataset = open_dataset(write_folder(tmp_path, text_of(rows, HEADER, separator=";")))
    np.testing.assert_array_equal(dataset.ratings, [4.5, 5, 0.5])
    late = [(1, 10, "5", 1), (1, 20, "4", 2)] + [(user, 10, "3", 3) for user in range(2, 3000)] + [(3000, 10, "2,5", 3)]
    dataset = open_dataset(write_folder(tmp_path / "late", text_of(late, HEADER, separator=";")))
    assert dataset.ratings[-1] == 2.5


def test_open_dataset_without_times_has_none(tmp_path: Path) -> None:
    dataset = open_dataset(write_folder(tmp_path, text_of([row[:3] for row in RATINGS], HEADER[:3])))
    assert same_ratings(dataset, times=False)
    assert not dataset.has_times


def test_open_dataset_days_as_numbers_are_dates(tmp_path: Path) -> None:
    rows = [(*row[:3], 20050400 + day) for day, row in enumerate(RATINGS, 1)]
    dataset = open_dataset(write_folder(tmp_path, text_of(rows, HEADER)))
    assert datetime.fromtimestamp(int(dataset.timestamps[0]), UTC) == datetime(2005, 4, 1, tzinfo=UTC)


def test_open_dataset_date_that_may_be_two_days_is_an_error(tmp_path: Path) -> None:
    rows = [(*row[:3], f"0{n}/04/2005") for n, row in enumerate(RATINGS, 1)]
    with pytest.raises(DataError, match=r"line 2: nobody can tell the day from the month.*01/04/2005.*4 more lines"):
        open_dataset(write_folder(tmp_path, text_of(rows, HEADER)))


def test_open_dataset_ids_beyond_what_floats_hold_stay_apart(tmp_path: Path) -> None:
    rows = [(2**53, 10, 5, 1), (f"{2**53 + 1}.0", 10, 4, 2), (2**63 - 1, 10, 3, 3)]
    dataset = open_dataset(write_folder(tmp_path, text_of(rows, HEADER)))
    assert dataset.user_ids.tolist() == [2**53, 2**53 + 1, 2**63 - 1]


def test_open_dataset_large_movie_ids_are_exact(tmp_path: Path) -> None:
    movies = text_of([(2**60 + n, f"Film {n}", "") for n in range(3)], ("movieId", "title", "genres"))
    rows = [(1, 2**60 + 1, 5, 1), (2, f"{2**60 + 2}.0", 4, 2)]
    dataset = open_dataset(write_folder(tmp_path, text_of(rows, HEADER), movies))
    assert dataset.popularity.tolist() == [0, 1, 1]


def test_open_dataset_wrong_lines_are_counted_by_their_reason(tmp_path: Path) -> None:
    text = text_of([*RATINGS, ("x", 10, 1, 1), (3, 10, 1, 1), ("y", 10, 1, 1), (3, 20, "", 1), ("z", 20, 1, 1)], HEADER)
    with pytest.raises(
        DataError, match=r"line 7: the user id is not a whole number; .*'x'.*2 more lines are"
    ) as caught:
        open_dataset(write_folder(tmp_path, text))
    assert (caught.value.line, caught.value.more) == (7, 2)


def test_open_dataset_quoted_header_and_a_wrong_line_names_the_line(tmp_path: Path) -> None:
    text = text_of([*RATINGS, (3, 10, "", 1)], HEADER, quoting=csv.QUOTE_ALL)
    with pytest.raises(DataError, match=r"ratings\.csv, line 7: the rating is not a number"):
        open_dataset(write_folder(tmp_path, text))


def test_open_dataset_line_number_counts_line_ends_within_quotes(tmp_path: Path) -> None:
    rows = [(1, 10, 5, 1, "two\nlines"), (2, 10, 5, 1, ""), (3, 10, 7, 1, "")]
    with pytest.raises(DataError, match=r"line 5: the rating is off the scale"):
        open_dataset(write_folder(tmp_path, text_of(rows, (*HEADER, "note"))))


def test_open_dataset_half_stars_between_double_colons(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("".join(f"{u}::{m}::{s - 0.5}::{t}\n" for u, m, s, t in RATINGS))
    (tmp_path / "movies.dat").write_text("".join(f"{m}::{t}::{g}\n" for m, t, g in MOVIES), "utf-8")
    dataset = open_dataset(tmp_path)
    assert (dataset.name, dataset.ratings.tolist()) == ("ml-10m", [4.5, 2.5, 3.5, 4.5, 0.5])


@pytest.mark.parametrize("name", ["u.data", "ratings.dat"])
def test_open_dataset_headers_where_there_should_be_none_are_understood(name: str, tmp_path: Path) -> None:
    text = text_of(RATINGS, ("user id", "item id", "rating", "timestamp"), separator="\t")
    (tmp_path / "movies.csv").write_text(text_of(MOVIES, ("movieId", "title", "genres")))
    (tmp_path / name).write_text(text)
    assert same_ratings(open_dataset(tmp_path))


@pytest.mark.parametrize("end", ["", "\n", "\n\n"])
def test_open_dataset_quote_that_is_never_closed_swallows_no_rating(end: str, tmp_path: Path) -> None:
    text = 'userId,movieId,rating,note\n1,10,5,fine\n1,20,4,"fine\n2,10,3,fine\n3,10,3,fine' + end
    with pytest.raises(DataError, match=r"ratings\.csv, line 3: a quote is not closed"):
        open_dataset(write_folder(tmp_path, text))


class TestPolicies:
    def test_duplicates_keep_last_is_by_time_then_by_line(self, tmp_path: Path) -> None:
        rows = [*RATINGS, (1, 10, 1, 5), (2, 10, 2, 880000009), (7, 30, 4, 880000004)]
        dataset = open_dataset(write_folder(tmp_path, text_of(rows, HEADER)))
        assert dataset.ratings.tolist() == [5, 3, 2, 5, 4]
        note = next(note for note in dataset.notes if note.action == "dropped")
        assert (note.count, note.example) == (3, "user 1 and movie 10")
        assert dataset.notes[0].count == 5

    def test_duplicates_without_times_keep_the_last_line(self, tmp_path: Path) -> None:
        rows = [(1, 10, 5), (1, 20, 4), (1, 10, 2)]
        dataset = open_dataset(write_folder(tmp_path, text_of(rows, HEADER[:3])))
        assert dataset.ratings.tolist() == [2, 4]

    def test_unknown_movies_up_to_one_in_a_hundred_are_dropped(self, tmp_path: Path) -> None:
        rows = [(user, 10, 5, 1) for user in range(1, 100)]
        dataset = open_dataset(write_folder(tmp_path, text_of([*rows, (5, 99, 1, 1)], HEADER)))
        assert dataset.n_ratings == 99
        assert [(note.count, note.example) for note in dataset.notes[1:]] == [(1, "movie 99 by user 5")]

    def test_unknown_movies_beyond_are_an_error_with_a_remedy(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path, text_of([*RATINGS, (5, 99, 1, 1), (6, 98, 1, 1)], HEADER))
        with pytest.raises(DataError, match=r"line 7: .*all 2 of the kind \(28\.6%\) by --unknown-movies drop.*1 more"):
            open_dataset(folder)
        assert open_dataset(folder, Policies(unknown_movies="drop")).n_ratings == 5

    def test_unknown_movies_where_they_are_refused(self, tmp_path: Path) -> None:
        rows = [(user, 10, 5, 1) for user in range(1, 1000)]
        folder = write_folder(tmp_path, text_of([*rows, (5, 99, 1, 1)], HEADER))
        with pytest.raises(DataError, match=r"line 1001: the movie id is not in the file of movies"):
            open_dataset(folder, Policies(unknown_movies="error"))

    def test_unknown_movies_only_is_an_error_whatever_the_policy(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path, text_of([(5, 99, 1, 1)], HEADER))
        with pytest.raises(DataError, match="not in the file of movies"):
            open_dataset(folder, Policies(unknown_movies="drop"))

    def test_scale_is_mapped_linearly(self, tmp_path: Path) -> None:
        rows = [(1, 10, 1, 1), (1, 20, 10, 1), (1, 30, 7, 1), (2, 10, 5.5, 1)]
        folder = write_folder(tmp_path, text_of(rows, HEADER))
        dataset = open_dataset(folder, Policies(scale=Scale(1, 10)))
        np.testing.assert_allclose(dataset.ratings, [0.5, 5, 3.5, 2.75])
        assert [note.action for note in dataset.notes] == ["kept", "converted"]

    def test_scale_is_not_guessed_but_named_in_the_error(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path, text_of([*RATINGS, (9, 10, 10, 1), (9, 20, 8, 1)], HEADER))
        with pytest.raises(
            DataError, match=r"line 7: .*as in --scale 1-10 \(its ratings go from 1 to 10\).*'10'.*1 more"
        ):
            open_dataset(folder)

    def test_scale_rating_off_it_is_an_error(self, tmp_path: Path) -> None:
        folder = write_folder(tmp_path, text_of([*RATINGS, (9, 10, 11, 1)], HEADER))
        with pytest.raises(DataError, match=r"line 7: the rating is off the scale of 1 to 10, which --scale names"):
            open_dataset(folder, Policies(scale=Scale(1, 10)))
