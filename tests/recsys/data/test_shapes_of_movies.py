"""Movies as people have them, encodings and links included."""

import csv
from pathlib import Path

import pytest

from recsys.data import open_dataset
from recsys.errors import DataError
from tests.recsys.data.folders import u_item_line, write_csv_family, write_ml100k
from tests.recsys.data.tables import HEADER, MOVIES, MOVIES_HEADER, RATINGS, text_of, write_folder

TITLES = tuple(movie[1] for movie in MOVIES)
GENRES = ("Comedy", "Drama", "Musical")
SHAPES = {
    "other order": text_of([movie[::-1] for movie in MOVIES], MOVIES_HEADER[::-1]),
    "more columns": text_of([("x", *movie, 1995) for movie in MOVIES], ("note", *MOVIES_HEADER, "year")),
    "snake case": text_of(MOVIES, ("movie_id", "movie_title", "genre")),
    "id and name": text_of(MOVIES, ("id", "name", "genres")),
    "movie is the title": text_of(MOVIES, ("movieId", "movie", "genres")),
    "semicolons": text_of(MOVIES, MOVIES_HEADER, separator=";"),
    "tabs": text_of(MOVIES, MOVIES_HEADER, separator="\t"),
    "quoted": text_of(MOVIES, MOVIES_HEADER, quoting=csv.QUOTE_ALL),
    "genres between commas": text_of([(*m[:2], m[2].replace("|", ", ")) for m in MOVIES], MOVIES_HEADER),
    "genres as Python lists": text_of(
        [(*m[:2], str([g for g in m[2].split("|") if g])) for m in MOVIES], MOVIES_HEADER
    ),
    "genres as things": text_of(
        [(*m[:2], str([{"id": 1, "name": g} for g in m[2].split("|") if g])) for m in MOVIES], MOVIES_HEADER
    ),
    "genres as flags": text_of(
        [(*m[:2], *(int(g in m[2]) for g in (*GENRES, "War"))) for m in MOVIES], ("movieId", "title", *GENRES, "War")
    ),
    "ids as floats": text_of([(f"{m[0]}.0", *m[1:]) for m in MOVIES], MOVIES_HEADER),
    "Windows' line ends": text_of(MOVIES, MOVIES_HEADER, end="\r\n"),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_open_dataset_shape_of_movies_makes_no_difference(text: str, tmp_path: Path) -> None:
    catalog = open_dataset(write_folder(tmp_path, text_of(RATINGS, HEADER), text)).catalog
    assert catalog.titles == TITLES
    assert [catalog.genres_of(row) for row in range(3)] == [("Comedy",), ("Drama", "Musical"), ()]
    assert catalog.years.tolist() == [1995, 1995, 2001]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_open_dataset_encoding_of_movies_makes_no_difference(encoding: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, text_of(RATINGS, HEADER))
    (folder / "movies.csv").write_bytes(text_of(MOVIES, MOVIES_HEADER).encode(encoding))
    assert open_dataset(folder).catalog.titles == TITLES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_open_dataset_encoding_of_u_item_and_u_genre_is_detected(encoding: str, tmp_path: Path) -> None:
    names = ["unknown", "Comédie", *(f"Genre {number}" for number in range(2, 19))]
    (tmp_path / "u.genre").write_bytes("".join(f"{n}|{i}\n" for i, n in enumerate(names)).encode(encoding))
    write_ml100k(tmp_path)
    items = "".join(u_item_line(movie, "Los niños (1999)", "", "1") for movie in (10, 20, 30, 40))
    (tmp_path / "u.item").write_bytes(items.encode(encoding))
    catalog = open_dataset(tmp_path).catalog
    assert catalog.titles[0] == "Los niños (1999)"
    assert catalog.genres_of(0) == ("Comédie",)


def test_open_dataset_mark_that_does_not_fit_names_line_and_byte(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, text_of(RATINGS, HEADER))
    (folder / "movies.csv").write_bytes(b"\xef\xbb\xbf" + text_of(MOVIES[:2], MOVIES_HEADER).encode("latin-1"))
    with pytest.raises(DataError, match=r"movies\.csv, line 3: a byte is not UTF-8, as the mark.*0xe9"):
        open_dataset(folder)


def test_open_dataset_files_put_together_from_two_encodings_keep_both(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, text_of(RATINGS, HEADER))
    lines = text_of(MOVIES, MOVIES_HEADER).splitlines(keepends=True)
    (folder / "movies.csv").write_bytes("".join(lines[:3]).encode("utf-8") + lines[3].encode("cp1252"))
    assert open_dataset(folder).catalog.titles == TITLES


def test_open_dataset_wrong_movies_are_counted(tmp_path: Path) -> None:
    text = text_of([*MOVIES, ("x", "a", ""), ("y", "b", "")], MOVIES_HEADER)
    with pytest.raises(DataError, match=r"line 5: the movie id is not a whole number.*'x'.*1 more line is wrong"):
        open_dataset(write_folder(tmp_path, text_of(RATINGS, HEADER), text))


def test_open_dataset_year_comes_from_its_column_where_the_title_has_none(tmp_path: Path) -> None:
    movies = text_of(
        [(10, "A", "x", "1999-03-31"), (20, "B (1950)", "", 2000), (30, "C", "", "")], (*MOVIES_HEADER, "release_date")
    )
    catalog = open_dataset(write_folder(tmp_path, text_of(RATINGS, HEADER), movies)).catalog
    assert catalog.years.tolist() == [1999, 1950, 0]


def test_open_dataset_recbole_items(tmp_path: Path) -> None:
    (tmp_path / "ml-x.inter").write_text(
        text_of(RATINGS, ("user_id:token", "item_id:token", "rating:float", "timestamp:float"), separator="\t")
    )
    items = [
        (10, "Toy Story", 1995, "Animation Children's Comedy"),
        (20, "Misérables, Les", 1995, "Drama"),
        (30, '"X"', "", ""),
    ]
    header = ("item_id:token", "movie_title:token_seq", "release_year:token", "class:token_seq")
    lines = ["\t".join(map(str, row)) for row in (header, *items)]
    (tmp_path / "ml-x.item").write_text("\n".join(lines) + "\n", "utf-8")
    dataset = open_dataset(tmp_path)
    assert dataset.name == "ml-x"
    assert dataset.catalog.titles[1] == "Misérables, Les"
    assert dataset.catalog.years.tolist() == [1995, 1995, 0]
    assert dataset.catalog.genres_of(0) == ("Animation", "Children's", "Comedy")


@pytest.mark.parametrize(
    ("links", "urls"),
    [
        ("movieId,imdbId,tmdbId\n10,0114709,862\n20,,\n", ["tt0114709", ""]),
        ("movieId,imdbId,tmdbId\n10,tt0114709,862\n20,tt1,\n", ["tt0114709", "tt0000001"]),
        ("movieId,imdbId,tmdbId\n10,114709.0,862.0\n20,nan,\n", ["tt0114709", ""]),
        ("movieId,imdbId,tmdbId,x\n10,114709,862,1\n20,2,3,4\n", ["tt0114709", "tt0000002"]),
        ("tmdbId;imdb_id;movie_id\n862;114709;10\n", ["tt0114709", ""]),
        ("movieId,tmdbId\n10,862\n", ["", ""]),
        ("movieId,imdbId\n10,what\n20,7\n", ["", "tt0000007"]),
        ('movieId,imdbId\n10,"7\n', ["", ""]),
        ("", ["", ""]),
        ("\x00\x01\x02", ["", ""]),
    ],
)
def test_open_dataset_links_of_any_kind_never_stop_it(links: str, urls: list[str], tmp_path: Path) -> None:
    (write_csv_family(tmp_path) / "links.csv").write_text(links)
    found = [url.rstrip("/").rsplit("/", 1)[-1] for url in open_dataset(tmp_path).catalog.imdb_urls[:2]]
    assert found == urls


def test_open_dataset_faulty_links_are_on_record(tmp_path: Path) -> None:
    (write_csv_family(tmp_path) / "links.csv").write_text("movieId,imdbId\n10,what\n20,7\n30,eh\n")
    note = open_dataset(tmp_path).notes[-1]
    assert (note.source, note.action, note.count, note.example) == ("links.csv", "dropped", 2, "line 2: '10,what'")
