"""What `csv_family.write` writes, `open_dataset` gives back, whatever the titles hold."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data import csv_family, open_dataset
from recsys.data.dataset import Dataset
from recsys.data.movie_table import MovieRow, build_catalog
from recsys.data.sample import sample_dataset

IDS = st.integers(1, 2**62)
TITLES = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20) | st.sampled_from(
    ['"', '""', ",", 'Say "Hi", Les Misérables (1995)', " (1995) ", "Amélie|x", "\u2013", "'"]
)
GENRES = st.lists(st.sampled_from(["Drama", "Children's", "Sci-Fi", "Film-Noir"]), unique=True)
STARS = st.integers(1, 10).map(lambda halves: halves / 2)


@st.composite
def datasets(draw: st.DrawFn) -> Dataset:
    movie_ids = sorted(draw(st.sets(IDS, min_size=1, max_size=5)))
    urls = st.just("") | st.integers(1, 10**8).map(lambda number: f"https://www.imdb.com/title/tt{number:07d}/")
    rows = [MovieRow(0, movie_id, draw(TITLES), draw(GENRES), imdb_url=draw(urls)) for movie_id in movie_ids]
    pairs = sorted(draw(st.sets(st.tuples(IDS, st.sampled_from(movie_ids)), min_size=1, max_size=8)))
    times = st.integers(2**25, 2**36)  # smaller ones may be days such as 20050402, larger ones milliseconds
    return Dataset.from_ratings(
        "ml-csv",
        build_catalog(Path("movies.csv"), rows),
        user_ids=np.array([user for user, _ in pairs]),
        movie_ids=np.array([movie for _, movie in pairs]),
        ratings=np.array([draw(STARS) for _ in pairs], np.float32),
        timestamps=np.array([draw(times) for _ in pairs]),
    )


@settings(max_examples=60, deadline=None)
@given(datasets())
def test_write_then_open_any_dataset_is_the_same(dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        csv_family.write(dataset, Path(folder))
        again = open_dataset(Path(folder))
    assert again.catalog.titles == dataset.catalog.titles
    assert again.catalog.imdb_urls == dataset.catalog.imdb_urls
    assert again.digest == dataset.digest


def test_write_then_open_sample_is_the_same(tmp_path: Path) -> None:
    csv_family.write(sample_dataset(), tmp_path / "ml-invented")
    again = open_dataset(tmp_path / "ml-invented")
    assert (again.name, again.digest) == ("ml-invented", sample_dataset().digest)
