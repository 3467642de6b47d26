"""Data from where they lie: folders within folders, compressed files, archives, single files."""

import bz2
import gzip
import io
import lzma
import shutil
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from recsys.data import open_dataset
from recsys.data.histories import read_histories
from recsys.errors import DataError
from tests.recsys.data.folders import write_csv_family, write_ml1m, write_ml100k
from tests.recsys.data.tables import HEADER, MOVIES, RATINGS, text_of, write_folder


def zstd(raw: bytes) -> bytes:
    return bytes(pa.compress(raw, codec="zstd", asbytes=True))


def zipped(raw: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ratings.csv", raw)
    return buffer.getvalue()


COMPRESSIONS = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
    ".zip": zipped,
}


@pytest.mark.parametrize("suffix", COMPRESSIONS)
@pytest.mark.parametrize("named", [False, True])
def test_open_dataset_compressed_files(suffix: str, named: bool, tmp_path: Path) -> None:
    write_csv_family(tmp_path)
    for name in ("ratings.csv", "movies.csv"):
        raw = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        (tmp_path / (name + suffix)).write_bytes(COMPRESSIONS[suffix](raw))
    dataset = open_dataset(tmp_path / f"ratings.csv{suffix}" if named else tmp_path)
    assert (dataset.n_ratings, dataset.catalog.titles[0]) == (6, "Toy Story (1995)")


def test_open_dataset_compressed_file_without_the_suffix(tmp_path: Path) -> None:
    write_ml100k(tmp_path)
    (tmp_path / "u.data").write_bytes(gzip.compress((tmp_path / "u.data").read_bytes()))
    assert open_dataset(tmp_path).n_ratings == 6


@pytest.mark.parametrize("cut", [5, 30])
def test_open_dataset_compressed_file_that_is_cut_off_is_an_error(cut: int, tmp_path: Path) -> None:
    write_csv_family(tmp_path)
    raw = gzip.compress((tmp_path / "ratings.csv").read_bytes())
    (tmp_path / "ratings.csv").write_bytes(raw[:cut])
    with pytest.raises(DataError, match=r"ratings\.csv: the file cannot be read: .*copied completely"):
        open_dataset(tmp_path)


def pack(folder: Path, archive: Path, inside: str = "") -> Path:
    """Pack the files of a folder into an archive whose kind its name tells, and remove them."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
            target.writestr("__MACOSX/._ratings.csv", b"\x00")
            for path in files:
                target.write(path, inside + path.name)
    else:
        with tarfile.open(archive, "w" if archive.suffix == ".tar" else f"w:{archive.suffix[1:]}") as target:
            for path in files:
                target.add(path, inside + path.name)
    for path in files:
        path.unlink()
    return archive


@pytest.mark.parametrize("write", [write_ml100k, write_ml1m, write_csv_family])
@pytest.mark.parametrize("inside", ["", "ml-x/", "data/ml-x/"])
@pytest.mark.parametrize("named", [False, True])
def test_open_dataset_zip_as_it_comes(write: object, inside: str, named: bool, tmp_path: Path) -> None:
    archive = pack(write(tmp_path), tmp_path / "any.zip", inside)  # type: ignore[operator]
    dataset = open_dataset(archive if named else tmp_path)
    assert (dataset.n_ratings, dataset.n_items) == (6, 4)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
def test_open_dataset_tar(name: str, tmp_path: Path) -> None:
    pack(write_csv_family(tmp_path), tmp_path / name, "ml-x/")
    assert open_dataset(tmp_path).n_ratings == 6
    assert open_dataset(tmp_path / name).name == "ml-x"


def test_open_dataset_zip_of_windows_with_backslashes(tmp_path: Path) -> None:
    write_csv_family(tmp_path)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("ratings.csv", "movies.csv"):
            info = zipfile.ZipInfo("x")
            info.filename = f"films\\{name}"
            archive.writestr(info, (tmp_path / name).read_bytes())
            (tmp_path / name).unlink()
    assert open_dataset(tmp_path).n_ratings == 6


def test_open_dataset_zip_of_zips_as_kaggle_gives_them(tmp_path: Path) -> None:
    write_csv_family(tmp_path)
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        for name, inner in (("ratings.csv", "rating.csv"), ("movies.csv", "movie.csv")):
            raw = (tmp_path / name).read_bytes()
            (tmp_path / name).unlink()
            archive.writestr(f"{inner}.zip", zipped(raw))
    assert open_dataset(tmp_path).n_ratings == 6


def test_open_dataset_zip_that_needs_a_password_or_is_cut_off_is_an_error(tmp_path: Path) -> None:
    archive = pack(write_csv_family(tmp_path), tmp_path / "a.zip")
    raw = bytearray(archive.read_bytes())
    (tmp_path / "a.zip").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataError, match=r"a\.zip: the archive cannot be read: .*; extract|take it again"):
        open_dataset(tmp_path)
    for at in range(len(raw) - 4):  # the flag that says that a member is encrypted
        if raw[at : at + 4] == b"PK\x01\x02":
            raw[at + 8] |= 1
        elif raw[at : at + 4] == b"PK\x03\x04":
            raw[at + 6] |= 1
    archive.write_bytes(bytes(raw))
    with pytest.raises(DataError, match=r"cannot be read.*password"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("name", ["a.7z", "a.rar"])
def test_open_dataset_foreign_archive_says_what_to_do(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"7z\xbc\xaf")
    with pytest.raises(DataError, match="unpack it and name the folder"):
        open_dataset(tmp_path)


def test_open_dataset_several_archives_asks_for_one(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        (tmp_path / name).write_bytes(zipped(b""))
    with pytest.raises(DataError, match=r"several archives here: a\.zip, b\.zip; name one"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("below", ["ml-x", "data/ml-x"])
def test_open_dataset_deeper_when_it_is_the_only_one(below: str, tmp_path: Path) -> None:
    (tmp_path / below).mkdir(parents=True)
    write_csv_family(tmp_path / below)
    (tmp_path / "README.txt").write_text("Read me.\n")
    assert open_dataset(tmp_path).name == "ml-x"


def test_open_dataset_two_equally_deep_asks_for_one(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_csv_family(tmp_path / name)
    with pytest.raises(DataError, match=r"several datasets here: a, b; name one"):
        open_dataset(tmp_path)


def test_open_dataset_two_at_different_depths_asks_for_one(tmp_path: Path) -> None:
    for name in ("a", "b/c"):
        (tmp_path / name).mkdir(parents=True)
        write_csv_family(tmp_path / name)
    with pytest.raises(DataError, match=r"several datasets here: a, b/c; name one"):
        open_dataset(tmp_path)


def test_open_dataset_one_within_the_folder_of_another_does_not_count(tmp_path: Path) -> None:
    for name in ("ml-x", "ml-x/sample"):
        (tmp_path / name).mkdir()
        write_csv_family(tmp_path / name)
    assert open_dataset(tmp_path).name == "ml-x"


def test_open_dataset_half_a_dataset_above_a_whole_one_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "ml-x").mkdir()
    write_csv_family(tmp_path / "ml-x")
    (tmp_path / "movies.txt").write_text("a list of films to watch\n")
    assert open_dataset(tmp_path).name == "ml-x"


def test_open_dataset_nearer_one_wins(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    write_ml100k(tmp_path / "old")
    assert open_dataset(write_csv_family(tmp_path)).name == "ml-csv"


@pytest.mark.parametrize(
    ("ratings", "movies"),
    [
        ("RATINGS.CSV", "Movies.csv"),
        ("rating.csv", "movie.csv"),
        ("ratings.tsv", "movies.tsv"),
        ("ratings.txt", "movies.csv"),
        ("ratings.dat", "movies.dat"),
        ("my export.csv", "films.csv"),
        ("u1.csv", "titles.csv"),
    ],
)
def test_open_dataset_names_of_files(ratings: str, movies: str, tmp_path: Path) -> None:
    write_csv_family(tmp_path)
    (tmp_path / "ratings.csv").rename(tmp_path / ratings)
    (tmp_path / "movies.csv").rename(tmp_path / movies)
    dataset = open_dataset(tmp_path)
    assert (dataset.n_ratings, dataset.catalog.titles[0]) == (6, "Toy Story (1995)")


def test_open_dataset_upper_case_u_files(tmp_path: Path) -> None:
    write_ml100k(tmp_path)
    for name in ("u.data", "u.item"):
        (tmp_path / name).rename(tmp_path / name.upper())
    assert open_dataset(tmp_path).name == "ml-100k"


def test_open_dataset_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "films").mkdir()
    write_csv_family(tmp_path / "films")
    assert open_dataset("~/films").n_ratings == 6
    assert read_histories("~/films/ratings.csv").user_ids.tolist() == [1, 1, 2, 7, 7, 2]


@pytest.mark.parametrize("name", ["ratings.csv", "mine.csv"])
def test_open_dataset_file_takes_the_movies_beside_it(name: str, tmp_path: Path) -> None:
    write_folder(tmp_path, text_of(RATINGS, HEADER), name=name)
    dataset = open_dataset(tmp_path / name)
    assert dataset.catalog.titles == tuple(movie[1] for movie in MOVIES)


def test_open_dataset_file_without_movies_calls_them_by_their_ids(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(text_of(RATINGS, HEADER))
    dataset = open_dataset(tmp_path / "mine.csv")
    assert dataset.catalog.titles == ("Movie 10", "Movie 20", "Movie 30")
    assert dataset.notes[-1].action == "invented"


def test_open_dataset_titles_among_the_ratings_are_taken(tmp_path: Path) -> None:
    titles = {movie: (title, genres) for movie, title, genres in MOVIES}
    rows = [(*row, *titles[row[1]]) for row in RATINGS]
    (tmp_path / "ratings.csv").write_text(text_of(rows, (*HEADER, "title", "genres")), "utf-8")
    for place in (tmp_path, tmp_path / "ratings.csv"):
        catalog = open_dataset(place).catalog
        assert catalog.titles == tuple(movie[1] for movie in MOVIES)
        assert catalog.genres_of(1) == ("Drama", "Musical")


def test_open_dataset_missing_half_is_named(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text(text_of(MOVIES, ("movieId", "title", "genres")))
    with pytest.raises(DataError, match=r"the file ratings\.csv is missing"):
        open_dataset(tmp_path)
    shutil.move(tmp_path / "movies.csv", tmp_path / "ml-x.item")
    with pytest.raises(DataError, match=r"the file ml-x\.inter is missing"):
        open_dataset(tmp_path)


def test_open_dataset_file_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF" * 50)
    with pytest.raises(DataError, match=r"photo\.jpg"):
        open_dataset(tmp_path / "photo.jpg")
    with pytest.raises(DataError, match="no known dataset"):
        open_dataset(tmp_path)
