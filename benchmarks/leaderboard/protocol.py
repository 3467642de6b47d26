"""The protocol of Microsoft Recommenders: its split and its judgment of lists.

The split is that of ``python_stratified_split(ratio=0.75, filter_by="item")``, drawn over the rows of ``u.data`` in
their order, so that numbers compare with published ones. Other datasets are split by `recsys.splits`, which holds out
the same share of each movie's ratings.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.exchange import N_LISTED, Ratings
from recsys.data.dataset import Dataset
from recsys.evaluation import beyond
from recsys.evaluation.ranking import RANKING_METRICS, find_hits
from recsys.splits import Split, SplitParams, split

HEADLINE_SEED = 42
OTHER_SEEDS = (1, 2, 3)
TRAIN_RATIO = 0.75


def held_out(movie_ids: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Return which ratings are held out, bool, (n_ratings,), given the movie of each in the order of the file."""
    draw = np.random.RandomState(seed).rand(len(movie_ids))
    order = np.lexsort((draw, movie_ids))
    _, start, inverse, count = np.unique(movie_ids[order], return_index=True, return_inverse=True, return_counts=True)
    position = np.arange(len(movie_ids)) - start[inverse] + 1
    chosen = np.empty(len(movie_ids), dtype=np.bool_)
    chosen[order] = position > np.round(TRAIN_RATIO * count[inverse])
    return chosen


def leaderboard_split(dataset: Dataset, folder: Path, seed: int) -> Split:
    """Return the split of a seed. The folder is that of the dataset: a ``u.data`` in it tells the order of ratings."""
    if not (folder / "u.data").exists():
        return split(dataset, SplitParams(seed=seed, holdout_ratio=1 - TRAIN_RATIO))
    pairs = np.loadtxt(folder / "u.data", dtype=np.int64, usecols=(0, 1))
    chosen = pairs[held_out(pairs[:, 1], seed)]
    rows = np.searchsorted(dataset.user_ids, chosen[:, 0]) * dataset.n_items + dataset.catalog.find(chosen[:, 1])
    keys = dataset.user_indices.astype(np.int64) * dataset.n_items + dataset.item_indices
    mask = np.isin(keys, rows)
    return Split(train=dataset.part(~mask), holdout=dataset.part(mask))


def as_ratings(dataset: Dataset) -> Ratings:
    """Return a dataset as columns for other environments."""
    catalog = dataset.catalog
    return Ratings(
        user_indices=dataset.user_indices,
        item_indices=dataset.item_indices,
        ratings=dataset.ratings,
        timestamps=dataset.timestamps,
        n_users=dataset.n_users,
        movie_ids=catalog.movie_ids,
        titles=np.array(catalog.titles),
        years=catalog.years,
        genres=catalog.genres,
    )


def judge(split: Split, item_indices: NDArray[np.int64]) -> dict[str, float]:
    """Return the quality of lists, int64, (n_users, 10), one for each user of the dataset, -1 after the last movie.

    Raises
    ------
    ValueError
        When a list repeats a movie or shows one that its user has rated in train: no such list is worth a number.
    """
    n_relevant = np.bincount(split.holdout.user_indices, minlength=split.holdout.n_users)
    users = np.flatnonzero(n_relevant)
    lists = item_indices[users]
    _check(split.train, users, lists)
    hits = find_hits(split.holdout, users, lists)
    popularity = split.train.popularity
    ranking = {
        name: float(metric(hits, n_relevant[users], N_LISTED).mean()) for name, metric in RANKING_METRICS.items()
    }
    return ranking | {
        "coverage": beyond.catalog_coverage(lists, split.train.n_items),
        "novelty": beyond.novelty(lists, popularity, len(np.unique(split.train.user_indices))),
        "diversity": beyond.intra_list_diversity(lists, split.train.catalog.genres),
        "popularity_bias": beyond.popularity_bias(lists, popularity),
    }


def _check(train: Dataset, users: NDArray[np.int64], lists: NDArray[np.int64]) -> None:
    if find_hits(train, users, lists).any():
        raise ValueError("a list shows a movie that its user has rated in train")
    ascending = np.sort(lists, axis=1)
    if np.any((np.diff(ascending, axis=1) == 0) & (ascending[:, 1:] >= 0)):
        raise ValueError("a list shows a movie twice")
