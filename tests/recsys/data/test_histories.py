from pathlib import Path

import numpy as np
import pytest

from recsys.data.histories import read_histories
from recsys.errors import DataError
from tests.recsys.data.folders import CSV_RATINGS, ML1M_RATINGS, ML100K_RATINGS


def _write(folder: Path, text: str) -> Path:
    path = folder / "history"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", [ML100K_RATINGS, ML1M_RATINGS, CSV_RATINGS])
def test_read_histories_rating_files_of_each_format(text: str, tmp_path: Path) -> None:
    histories = read_histories(_write(tmp_path, text))
    np.testing.assert_array_equal(histories.user_ids, [1, 1, 2, 7, 7, 2])
    np.testing.assert_array_equal(histories.movie_ids, [10, 20, 10, 30, 10, 20])
    assert histories.ratings is not None
    assert histories.ratings.dtype == np.float32
    assert histories.ratings[0] == 5


@pytest.mark.parametrize(
    ("text", "ratings"),
    [
        ("user_id,movie_id,rating\n5,99,4.5\n5,98,1\n", [4.5, 1]),
        ("rating,movieId,note,userId\n4.5,99,fine,5\n1,98,,5", [4.5, 1]),
        ('rating,movieId,note,userId\n4.5,99,"so, so",5\n1,98,,5', [4.5, 1]),
        ("user_id,movie_id\r\n5,99\r\n5,98\r\n", None),
    ],
)
def test_read_histories_columns_by_name(text: str, ratings: list[float] | None, tmp_path: Path) -> None:
    histories = read_histories(_write(tmp_path, text))
    np.testing.assert_array_equal(histories.user_ids, [5, 5])
    np.testing.assert_array_equal(histories.movie_ids, [99, 98])
    assert (histories.ratings is None) == (ratings is None)
    if ratings is not None:
        np.testing.assert_array_equal(histories.ratings, ratings)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file holds no rating"),
        ("5,99,4\n", "the header has to name the column user_id once"),
        ("user_id,title\n5,Heat\n", "the header has to name the column movie_id once"),
        ("user_id,userId,movie_id\n5,5,1\n", "the header has to name the column user_id once"),
        ("user_id,movie_id\n", "the file holds no rating"),
        ("user_id,movie_id\n5,99\n5\n", "line 3: expected 2 fields between commas, found 1"),
        ("user_id,movie_id,rating\n5,99,5.5\n", "line 2: the rating is off the scale of 0.5 to 5 stars"),
        ("user_id,movie_id,rating\n5,99,x\n", "line 2: the rating is not a number"),
    ],
)
def test_read_histories_bad_file_is_an_error(text: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_histories(_write(tmp_path, text))
    assert problem in str(caught.value)


def test_read_histories_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is missing"):
        read_histories(tmp_path / "nowhere.csv")
