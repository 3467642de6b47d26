from pathlib import Path

import numpy as np
import pytest

from recsys.data.dataset import Dataset
from recsys.data.movie_table import MovieRow, build_catalog
from recsys.errors import DataError

CATALOG = build_catalog(Path("movies.csv"), [MovieRow(1, 20, "B (1990)", ["Drama"]), MovieRow(2, 10, "A", [])])


def _dataset(rows: list[tuple[int, int, float, int]]) -> Dataset:
    users, movies, stars, times = (np.array([row[place] for row in rows]) for place in range(4))
    return Dataset.from_ratings(
        "tiny",
        CATALOG,
        user_ids=users.astype(np.int64),
        movie_ids=movies.astype(np.int64),
        ratings=stars.astype(np.float32),
        timestamps=times.astype(np.int64),
    )


def test_from_ratings_any_order_gives_the_same_dataset() -> None:
    rows = [(7, 20, 4.5, 3), (2, 10, 1.0, 2), (7, 10, 3.0, 1)]
    dataset = _dataset(rows)
    np.testing.assert_array_equal(dataset.user_ids, [2, 7])
    np.testing.assert_array_equal(dataset.user_items.toarray(), [[1, 0], [3, 4.5]])
    np.testing.assert_array_equal(dataset.timestamps, [2, 1, 3])
    np.testing.assert_array_equal(dataset.popularity, [2, 1])
    assert _dataset(rows[::-1]).digest == dataset.digest


@pytest.mark.parametrize("changed", [(7, 20, 4.0, 3), (7, 20, 4.5, 4), (8, 20, 4.5, 3)])
def test_digest_any_change_is_seen(changed: tuple[int, int, float, int]) -> None:
    rows = [(7, 20, 4.5, 3), (2, 10, 1.0, 2)]
    assert _dataset([changed, rows[1]]).digest != _dataset(rows).digest


def test_part_keeps_users_and_movies() -> None:
    dataset = _dataset([(7, 20, 4.5, 3), (2, 10, 1.0, 2)])
    part = dataset.part(dataset.ratings > 2)
    assert (part.n_users, part.n_items, part.n_ratings) == (2, 2, 1)
    np.testing.assert_array_equal(part.user_items.toarray(), [[0, 0], [0, 4.5]])
    assert dataset.part(dataset.ratings > 9).user_items.shape == (2, 2)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([(1, 30, 3, 0)], "movie 30 is rated but not in the catalog of tiny"),
        ([(1, 10, 5.5, 0)], "off the scale of 0.5 to 5.0 stars"),
        ([(1, 10, float("nan"), 0)], "off the scale"),
        ([(1, 10, 3, 0), (2, 10, 3, 0), (1, 10, 4, 1)], "rates the same movie twice"),
    ],
)
def test_from_ratings_wrong_rows_are_an_error(rows: list[tuple[int, int, float, int]], problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        _dataset(rows)


def test_from_ratings_without_rows_is_an_error() -> None:
    none = np.empty(0, np.int64)
    with pytest.raises(DataError, match="tiny holds no rating"):
        Dataset.from_ratings(
            "tiny", CATALOG, user_ids=none, movie_ids=none, ratings=none.astype(np.float32), timestamps=none
        )
