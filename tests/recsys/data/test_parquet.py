"""Parquet: one file, parts, partitions, and types that other programs write."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.data import open_dataset
from recsys.data.histories import read_histories
from recsys.errors import DataError
from tests.recsys.data.tables import MOVIES, RATINGS, text_of

USERS, IDS, STARS, TIMES = (list(column) for column in zip(*RATINGS, strict=True))


def ratings(**columns: object) -> pa.Table:
    """Return the ratings as a table, some of its columns replaced."""
    return pa.table({"userId": USERS, "movieId": IDS, "rating": STARS, "timestamp": TIMES, **columns})


def movies() -> pa.Table:
    numbers, titles, genres = zip(*MOVIES, strict=True)
    return pa.table({"movieId": numbers, "title": titles, "genres": [g.split("|") if g else [] for g in genres]})


def write_movies(folder: Path) -> None:
    pq.write_table(movies(), folder / "movies.parquet")


def check(place: Path) -> None:
    dataset = open_dataset(place)
    assert dataset.user_items.toarray().tolist() == [[5, 3, 0], [4, 5, 0], [0, 0, 1]]
    assert dataset.timestamps.tolist() == [row[3] for row in sorted(RATINGS)]
    assert dataset.catalog.genres_of(1) == ("Drama", "Musical")


def test_open_dataset_one_file_named_or_in_its_folder(tmp_path: Path) -> None:
    pq.write_table(ratings(), tmp_path / "ratings.parquet")
    write_movies(tmp_path)
    check(tmp_path)
    check(tmp_path / "ratings.parquet")


def test_open_dataset_movies_as_csv_beside_it(tmp_path: Path) -> None:
    pq.write_table(ratings(), tmp_path / "ratings.parquet")
    (tmp_path / "movies.csv").write_text(text_of(MOVIES, ("movieId", "title", "genres")), "utf-8")
    check(tmp_path)


@pytest.mark.parametrize("name", ["ratings", "ratings.parquet", "RATINGS"])
def test_open_dataset_folder_of_parts(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    write_movies(tmp_path)
    pq.write_table(ratings()[:2], tmp_path / name / "part-00000.snappy.parquet")
    pq.write_table(ratings()[2:], tmp_path / name / "part-00001.snappy.parquet")
    (tmp_path / name / "_SUCCESS").touch()
    check(tmp_path)
    check(tmp_path / name)


def test_open_dataset_partitions_that_hold_a_column(tmp_path: Path) -> None:
    write_movies(tmp_path)
    pq.write_to_dataset(ratings(year=[1997, 1997, 1998, 1998, 1999]), tmp_path / "ratings", partition_cols=["year"])
    check(tmp_path)
    pq.write_to_dataset(ratings(), tmp_path / "by_user", partition_cols=["userId"])
    check(tmp_path / "by_user")


TYPES = {
    "small integers": ratings(userId=pa.array(USERS, pa.uint16()), movieId=pa.array(IDS, pa.int8())),
    "unsigned integers": ratings(userId=pa.array(USERS, pa.uint64())),
    "ids as floats": ratings(userId=pa.array(map(float, USERS)), movieId=pa.array(map(float, IDS), pa.float32())),
    "ids as texts": ratings(userId=list(map(str, USERS)), movieId=pa.array(map(str, IDS), pa.large_string())),
    "ids as categories": ratings(movieId=pa.array(map(str, IDS)).dictionary_encode()),
    "stars as decimals": ratings(rating=pa.array([Decimal(f"{s}.0") for s in STARS])),
    "stars as texts": ratings(rating=[f"{s}.0" for s in STARS]),
    "times as floats": ratings(timestamp=pa.array(map(float, TIMES))),
    "times as dates": ratings(
        timestamp=pa.array([datetime.fromtimestamp(t, UTC) for t in TIMES], pa.timestamp("ns", "UTC"))
    ),
    "times without a zone": ratings(timestamp=pa.array([t * 1000 for t in TIMES], pa.timestamp("ms"))),
    "times as texts": ratings(timestamp=[datetime.fromtimestamp(t, UTC).isoformat() for t in TIMES]),
    "times as milliseconds": ratings(timestamp=[t * 1000 for t in TIMES]),
}


@pytest.mark.parametrize("table", TYPES.values(), ids=TYPES)
def test_open_dataset_types_of_columns_make_no_difference(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "ratings.parquet")
    write_movies(tmp_path)
    check(tmp_path)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (ratings(rating=[5, None, 4, None, 1]), r"row 2: the rating is missing.*1 more row is"),
        (ratings(userId=[1, 1, 2, 2, 1.5]), r"row 5: the user id is not a whole number.*1\.5"),
        (ratings(userId=[1, 1, 2, 2, 2.0**60]), "row 5: the user id is a float beyond 2\\^53"),
        (ratings(movieId=["10", "x", "y", "20", "30"]), r"row 2: the movie id is not a whole number.*'x'"),
        (ratings(rating=[5, 3, 9, 5, 1]), r"row 3: the rating is off the scale"),
        (ratings().drop_columns(["userId"]), "the columns have to name user_id once"),
    ],
)
def test_open_dataset_wrong_values_name_the_row(table: pa.Table, problem: str, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "ratings.parquet")
    write_movies(tmp_path)
    with pytest.raises(DataError, match=problem):
        open_dataset(tmp_path)


def test_open_dataset_broken_parquet_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "ratings.parquet").write_bytes(b"PAR1 and then nothing")
    write_movies(tmp_path)
    with pytest.raises(DataError, match=r"ratings\.parquet: this is not readable Parquet"):
        open_dataset(tmp_path)


def test_open_dataset_titles_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    pq.write_table(ratings(), tmp_path / "ratings.parquet")
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    pq.write_table(pa.table({"movieId": [10], "title": bad}), tmp_path / "movies.parquet")
    with pytest.raises(DataError, match=r"movies\.parquet: this is not readable Parquet"):
        open_dataset(tmp_path)


def test_read_histories_from_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"user_id": [5, 5], "movie_id": [99, 98]}), tmp_path / "history.parquet")
    histories = read_histories(tmp_path / "history.parquet")
    assert (histories.movie_ids.tolist(), histories.ratings) == ([99, 98], None)
