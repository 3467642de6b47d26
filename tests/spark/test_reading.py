"""Ratings read by Spark are those of one machine; what is wrong in them is said in a sentence."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data import Dataset, open_dataset
from recsys.data.policies import Policies
from recsys.drift.profile import profile_of
from recsys.errors import DataError

MOVIES = "movieId,title,genres\n1,One (1990),Comedy\n2,Two (1991),Drama\n3,Three (1992),Drama|Comedy\n"


def write(folder: Path, ratings: str, movies: str = MOVIES) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "ratings.csv").write_text(ratings, encoding="utf-8")
    (folder / "movies.csv").write_text(movies, encoding="utf-8")
    return folder


def write_dataset(dataset: Dataset, folder: Path) -> Path:
    from benchmarks.simulation import write_folder

    write_folder(dataset, folder)
    return folder


def assert_same(found, expected: Dataset) -> None:
    assert (found.n_users, found.n_items, found.n_ratings) == (expected.n_users, expected.n_items, expected.n_ratings)
    np.testing.assert_array_equal(found.popularity, expected.popularity)
    assert found.time_range == expected.time_range
    assert found.digest == expected.digest


def test_read_ratings_of_movielens_are_those_of_one_machine(session, movielens, tmp_path) -> None:
    from recsys.spark import fitting
    from recsys.spark.reading import read_ratings

    folder = write_dataset(movielens, tmp_path / "data")
    found, expected = read_ratings(session, folder, n_partitions=7), open_dataset(folder)
    assert_same(found, expected)
    assert (found.name, found.notes) == (expected.name, expected.notes)
    assert fitting.profile(found).as_json() == profile_of(expected).as_json()


def test_read_ratings_in_more_partitions_than_users_leaves_some_empty(session, tmp_path) -> None:
    from recsys.spark.reading import read_ratings

    rows = "userId,movieId,rating,timestamp\n7,1,4,100\n7,3,2.5,90\n5,2,5,80\n"
    folder = write(tmp_path / "data", rows)
    found = read_ratings(session, folder, n_partitions=6)
    assert_same(found, open_dataset(folder))
    assert 0 in found.blocks.map(lambda block: len(block.user_ids)).collect()


@pytest.mark.parametrize(
    "rows",
    [
        "userId,movieId,rating,timestamp\n1,1,4,964982703000\n1,2,3.5,964982803000\n2,1,1,964982903500\n",
        "rating;movie_id;note;user\n4;1;x;1\n3,5;2;y;1\n".replace("3,5", "3.5"),
        'userId,movieId,rating,timestamp\r\n"1","1","4","2005-04-02 23:53:47"\r\n2,3,1.5,2006-01-01 00:00:00\r\n',
        "userId,movieId,rating,timestamp\n1,1,4,10\n1,1,2,30\n1,1,5,20\n2,2,3,5\n",
        "userId,movieId,rating\n1,1,4\n1,1,2\n3,2,0.5\n",
    ],
    ids=["milliseconds", "other columns", "dates and quotes", "rated again", "rated again without times"],
)
def test_read_ratings_of_other_shapes_are_those_of_one_machine(session, tmp_path, rows) -> None:
    from recsys.spark.reading import read_ratings

    folder = write(tmp_path / "data", rows)
    found, expected = read_ratings(session, folder), open_dataset(folder)
    assert_same(found, expected)
    assert [(note.action, note.count) for note in found.notes] == [(n.action, n.count) for n in expected.notes]


def test_read_ratings_of_parquet_in_parts_are_those_of_one_machine(session, tmp_path) -> None:
    from recsys.spark.reading import read_ratings

    (tmp_path / "movies.csv").write_text(MOVIES, encoding="utf-8")
    parts = tmp_path / "ratings"
    parts.mkdir()
    for number, user in enumerate([4, 2, 9]):
        times = pd.to_datetime(["2001-02-03", "2004-05-06"])
        columns = {"user_id": [user] * 2, "movie_id": [1, 3], "rating": [4.0, 2.5], "timestamp": times}
        pd.DataFrame(columns).to_parquet(parts / f"part-{number}.parquet")
    pd.read_csv(tmp_path / "movies.csv").to_parquet(tmp_path / "movies.parquet")
    assert_same(read_ratings(session, tmp_path), open_dataset(tmp_path))


def test_read_ratings_on_another_scale_are_converted_alike(session, tmp_path) -> None:
    from recsys.spark.reading import read_ratings

    folder = write(tmp_path / "data", "userId,movieId,rating\n1,1,10\n1,2,7\n2,3,1\n")
    policies = Policies.parse(scale="1-10")
    assert_same(read_ratings(session, folder, policies), open_dataset(folder, policies))


@pytest.mark.parametrize(
    ("rows", "policies", "told"),
    [
        ("1,1,4,1\n1,x,3,1\n2,y,3,1\n", {}, r"ratings\.csv: the user, movie, rating or time .* \(found '.*'\); 1 more"),
        ("1,1,4,1\n1,2\n", {}, "missing or not a number"),
        ("1,1,4,1\n1,2,3,1,9\n", {}, "missing or not a number"),
        ("1,1,4,1\n1,2,,1\n", {}, "missing or not a number"),
        ("1,1,4,1\n1,2,7,1\n", {}, r"off the scale of 0\.5 to 5 stars .* from 4 to 7.* \(found '7'\)"),
        ("1,1,4,1\n1,2,11,1\n", {"scale": "1-10"}, "off the scale of 1 to 10"),
        ("1,1,4,1\n1,8,3,1\n", {}, r"1 ratings \(50\.0%\) are of movies that are not .* --unknown-movies drop"),
        ("1,8,4,1\n1,9,3,1\n", {"unknown_movies": "drop"}, "no rating is of a movie in the file of movies"),
        ("1,1,4,1\n1,1,3,2\n", {"duplicates": "error"}, "user 1 has rated movie 1 more than once"),
        ("", {}, "the file holds no rating"),
    ],
)
def test_read_ratings_wrong_input_is_told_in_one_sentence(session, tmp_path, rows, policies, told) -> None:
    from recsys.spark.reading import read_ratings

    folder = write(tmp_path / "data", f"userId,movieId,rating,timestamp\n{rows}")
    with pytest.raises(DataError, match=told) as raised:
        read_ratings(session, folder, Policies.parse(**policies))
    assert "\n" not in str(raised.value)


def test_read_ratings_of_unknown_movies_are_dropped_and_counted(session, tmp_path) -> None:
    from recsys.spark.reading import read_ratings

    folder = write(tmp_path / "data", "userId,movieId,rating,timestamp\n1,1,4,1\n1,8,3,1\n2,2,5,3\n")
    policies = Policies.parse(unknown_movies="drop")
    found = read_ratings(session, folder, policies)
    assert_same(found, open_dataset(folder, policies))
    assert [note.sentence for note in found.notes if note.action == "dropped"] == [
        "ratings.csv: 1 ratings of movies that are not in the file of movies dropped, for example movie 8 by user 1"
    ]


def test_read_ratings_within_an_archive_is_refused(session, tmp_path) -> None:
    import zipfile

    from recsys.spark.reading import read_ratings

    folder = write(tmp_path / "data", "userId,movieId,rating,timestamp\n1,1,4,1\n")
    with zipfile.ZipFile(tmp_path / "ml.zip", "w") as archive:
        for name in ("ratings.csv", "movies.csv"):
            archive.write(folder / name, name)
    with pytest.raises(DataError, match="unpack it first"):
        read_ratings(session, tmp_path / "ml.zip")
