"""The leaderboard's protocol is that of the shared script, where the script is at hand."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from conftest import ML100K

from benchmarks.leaderboard.exchange import Ratings, padded
from benchmarks.leaderboard.protocol import as_ratings, held_out, judge, leaderboard_split
from recsys.data import Dataset, open_dataset
from recsys.splits import Split, SplitParams, split

SCRIPT = ML100K.parent.parent / "benchmark" / "leaderboard.py"
needs_script = pytest.mark.skipif(not (SCRIPT.exists() and ML100K.is_dir()), reason="needs the shared script and data")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shared_leaderboard", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def popular_lists(parts: Split) -> np.ndarray:
    order = np.argsort(-parts.train.popularity, kind="stable")
    seen = parts.train.user_items.toarray() > 0
    return np.stack([order[~rated[order]][:10] for rated in seen])


@needs_script
def test_split_and_metrics_equal_those_of_the_shared_script(script: ModuleType, tmp_path: Path) -> None:
    script.split(ML100K, 42, tmp_path)
    dataset = open_dataset(ML100K)
    parts = leaderboard_split(dataset, ML100K, 42)
    train = np.loadtxt(tmp_path / "train" / "u.data", dtype=np.int64)
    theirs = {(user, movie) for user, movie in train[:, :2].tolist()}
    movie_ids = dataset.catalog.movie_ids[parts.train.item_indices]
    ours = set(zip(dataset.user_ids[parts.train.user_indices].tolist(), movie_ids.tolist(), strict=True))
    assert ours == theirs

    lists = popular_lists(parts)
    rows = [
        f"{user},{dataset.catalog.movie_ids[item]},{rank}"
        for user, found in zip(dataset.user_ids, lists, strict=True)
        for rank, item in enumerate(found, start=1)
    ]
    (tmp_path / "recs.csv").write_text("\n".join(["user_id,movie_id,rank", *rows]))
    expected, found = script.score(tmp_path, tmp_path / "recs.csv"), judge(parts, lists)
    for theirs_name, ours_name in (("MAP", "map"), ("nDCG", "ndcg"), ("precision", "precision"), ("recall", "recall")):
        assert found[ours_name] == pytest.approx(expected[theirs_name], abs=1e-12)


def test_held_out_is_a_quarter_of_each_movie() -> None:
    movie_ids = np.array([7] * 8 + [3] * 4 + [5])
    chosen = held_out(movie_ids, seed=1)
    assert [int(chosen[movie_ids == movie].sum()) for movie in (7, 3, 5)] == [2, 1, 0]


def test_judge_list_with_a_seen_movie_is_refused(tiny: Dataset) -> None:
    parts = split(tiny, SplitParams(strategy="leave-last-out"))
    seen = np.full((tiny.n_users, 10), -1)
    seen[0, 0] = parts.train.item_indices[0]
    with pytest.raises(ValueError, match="has rated in train"):
        judge(parts, seen)


def test_judge_list_with_a_movie_twice_is_refused(tiny: Dataset) -> None:
    twice = np.full((tiny.n_users, 10), -1)
    twice[:, :2] = 5
    with pytest.raises(ValueError, match="twice"):
        judge(split(tiny, SplitParams(strategy="leave-last-out")), twice)


def test_ratings_come_back_from_their_file(tiny: Dataset, tmp_path: Path) -> None:
    as_ratings(tiny).save(tmp_path / "ratings.npz")
    again = Ratings.load(tmp_path / "ratings.npz")
    assert again.n_users == tiny.n_users
    assert (again.matrix(binary=False) != tiny.user_items).nnz == 0
    assert tuple(again.titles) == tiny.catalog.titles


def test_padded_fills_short_lists_and_cuts_long_ones() -> None:
    found = padded([[3, 1], list(range(12))])
    assert found[0].tolist() == [3, 1] + [-1] * 8
    assert found[1].tolist() == list(range(10))
