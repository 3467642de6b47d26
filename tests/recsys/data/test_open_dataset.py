"""The three readers on folders written by hand, and on the true MovieLens 100K where it lies beside the project."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsys.data import open_dataset
from recsys.errors import DataError
from tests.recsys.data.folders import CSV_MOVIES, u_item_line, write_csv_family, write_ml1m, write_ml100k

TRUE_ML100K = Path(__file__).parents[4] / "shared" / "data" / "ml-100k"


@pytest.mark.parametrize(
    ("write", "name", "second_rating"),
    [(write_ml100k, "ml-100k", 3), (write_ml1m, "ml-1m", 3), (write_csv_family, "ml-csv", 3.5)],
)
def test_open_dataset_each_format_gives_the_same_ratings(
    write: Callable[[Path], Path], name: str, second_rating: float, tmp_path: Path
) -> None:
    dataset = open_dataset(write(tmp_path))
    last = 0.5 if name == "ml-csv" else 1
    assert dataset.name == name
    np.testing.assert_array_equal(dataset.user_ids, [1, 2, 7])
    np.testing.assert_array_equal(dataset.catalog.movie_ids, [10, 20, 30, 40])
    np.testing.assert_array_equal(
        dataset.user_items.toarray(), [[5, second_rating, 0, 0], [4, 5, 0, 0], [2, 0, last, 0]]
    )
    np.testing.assert_array_equal(dataset.timestamps - 880000000, [1, 2, 3, 6, 5, 4])


def test_open_dataset_ml100k_movies_keep_titles_and_take_years_from_them_first(tmp_path: Path) -> None:
    catalog = open_dataset(write_ml100k(tmp_path)).catalog
    assert catalog.titles == ("Toy Story (1995)", "Misérables, Les", "unknown", "Two Friends (1986) ")
    np.testing.assert_array_equal(catalog.years, [1995, 1971, 0, 1986])
    assert len(catalog.genre_names) == 18
    assert "unknown" not in catalog.genre_names
    assert [catalog.genres_of(row) for row in range(4)] == [
        ("Animation", "Children's", "Comedy"),
        ("Drama", "Musical"),
        (),
        (),
    ]
    assert catalog.imdb_urls == ("http://us.imdb.com/M/title-exact?Toy%20Story%20(1995)", "", "", "")


def test_open_dataset_ml100k_genre_file_gives_the_names(tmp_path: Path) -> None:
    names = ["unknown", *(f"Genre {number}" for number in range(1, 19))]
    (tmp_path / "u.genre").write_text("".join(f"{name}|{number}\n" for number, name in enumerate(names)) + "\n")
    assert open_dataset(write_ml100k(tmp_path)).catalog.genres_of(0) == ("Genre 3", "Genre 4", "Genre 5")


def test_open_dataset_ml100k_genre_file_too_short_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "u.genre").write_text("unknown|0\nAction|1\n")
    with pytest.raises(DataError, match=r"u\.genre, line 2: expected 19 genres.*\(found '2'\)"):
        open_dataset(write_ml100k(tmp_path))


def test_open_dataset_ml1m_movies_take_genres_that_occur(tmp_path: Path) -> None:
    catalog = open_dataset(write_ml1m(tmp_path)).catalog
    assert catalog.titles[1] == "Misérables, Les (1995)"
    assert catalog.genre_names == ("Animation", "Children's", "Comedy", "Drama", "Horror", "Musical")
    np.testing.assert_array_equal(catalog.years, [1995, 1995, 0, 2000])


def test_open_dataset_csv_movies_may_have_quotes_ranges_and_no_genres(tmp_path: Path) -> None:
    catalog = open_dataset(write_csv_family(tmp_path)).catalog
    assert catalog.titles == ("Toy Story (1995)", "Misérables, Les (1995)", 'Say "Hi" (2006\u20132007)', "Babylon 5")
    np.testing.assert_array_equal(catalog.years, [1995, 1995, 2006, 0])
    assert catalog.genres_of(2) == ()
    assert catalog.genre_names == ("Animation", "Children", "Comedy", "Drama", "Musical", "Sci-Fi")
    assert set(catalog.imdb_urls) == {""}


def test_open_dataset_csv_links_give_addresses(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text("movieId,imdbId,tmdbId\n10,0114709,862\n20,,\n30,10872600,\n999,0000001,1\n")
    catalog = open_dataset(write_csv_family(tmp_path)).catalog
    assert catalog.imdb_urls == (
        "https://www.imdb.com/title/tt0114709/",
        "",
        "https://www.imdb.com/title/tt10872600/",
        "",
    )


@pytest.mark.parametrize(("folder_name", "name"), [("ml-latest-small", "ml-latest-small"), ("films", "ml-csv")])
def test_open_dataset_csv_is_called_as_its_folder(folder_name: str, name: str, tmp_path: Path) -> None:
    (tmp_path / folder_name).mkdir()
    assert open_dataset(write_csv_family(tmp_path / folder_name)).name == name


def test_open_dataset_spreadsheet_habits_are_read(tmp_path: Path) -> None:
    ratings = '\ufeffuserId,movieId,rating,timestamp\r\n"1",10,"4.5",880000001\r\n\r\n2,20,3,880000002\r\n'
    dataset = open_dataset(write_csv_family(tmp_path, ratings=ratings, movies="\ufeff" + CSV_MOVIES))
    np.testing.assert_array_equal(dataset.ratings, [4.5, 3])


def test_open_dataset_missing_folder_is_an_error_that_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere: there is no such folder; name one that holds u\.data and u\.item"):
        open_dataset(tmp_path / "nowhere")


def test_open_dataset_folder_without_data_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing\n")
    with pytest.raises(DataError, match=r"no known dataset was found; looked for .*movies\.csv"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("missing", ["u.data", "u.item"])
def test_open_dataset_half_a_dataset_is_an_error_that_names_the_other_file(missing: str, tmp_path: Path) -> None:
    (write_ml100k(tmp_path) / missing).unlink()
    with pytest.raises(DataError, match=f"the file {missing} is missing"):
        open_dataset(tmp_path)


def test_open_dataset_two_formats_takes_the_complete_one(tmp_path: Path) -> None:
    (write_csv_family(tmp_path) / "u.data").write_text("")
    assert open_dataset(tmp_path).name == "ml-csv"


@pytest.mark.skipif(not TRUE_ML100K.is_dir(), reason="MovieLens 100K does not lie beside the project")
def test_open_dataset_true_ml100k_has_its_published_counts() -> None:
    dataset = open_dataset(TRUE_ML100K)
    assert (dataset.n_ratings, dataset.n_users, dataset.n_items) == (100_000, 943, 1_682)
    assert dataset.catalog.titles[266] == "unknown"
    assert np.flatnonzero(dataset.catalog.years == 0).tolist() == [266]
    assert dataset.popularity.max() == 583  # Star Wars (1977)
    assert dataset.catalog.titles[int(dataset.popularity.argmax())] == "Star Wars (1977)"


def test_u_item_line_has_24_fields() -> None:
    assert u_item_line(1, "Title", "", "").count("|") == 23
