"""Tiny datasets from a table of stars."""

from collections.abc import Callable

import numpy as np
import pytest

from recsys.catalog import Catalog
from recsys.data.dataset import Dataset
from recsys.splits import Split


@pytest.fixture
def split_of() -> Callable[..., Split]:
    """Return a function from two tables of stars, (n_users, n_items), 0 for no rating, to a split."""

    def build(train, holdout, genres=None) -> Split:
        train, holdout = np.array(train, dtype=np.float32), np.array(holdout, dtype=np.float32)
        assert not np.any((train > 0) & (holdout > 0))
        n_items = train.shape[1]
        flags = np.zeros((n_items, 1), dtype=np.bool_) if genres is None else np.array(genres, dtype=np.bool_)
        catalog = Catalog(
            movie_ids=np.arange(1, n_items + 1),
            titles=tuple(f"Movie {number}" for number in range(1, n_items + 1)),
            years=np.zeros(n_items, dtype=np.int32),
            genres=flags,
            genre_names=tuple(f"Genre {number}" for number in range(flags.shape[1])),
            imdb_urls=("",) * n_items,
        )
        stars = train + holdout
        users, items = np.nonzero(stars)
        dataset = Dataset.from_ratings(
            "tiny",
            catalog,
            user_ids=users + 1,
            movie_ids=items + 1,
            ratings=stars[users, items],
            timestamps=np.zeros(len(users), dtype=np.int64),
        )
        assert dataset.n_users == len(stars), "every user needs a rating"
        held_out = holdout[users, items] > 0
        return Split(train=dataset.part(~held_out), holdout=dataset.part(held_out))

    return build


class TableScorer:
    """Gives each history the row of a table that its number of ratings names; enough to steer a ranking."""

    def __init__(self, table) -> None:
        self.table = np.array(table, dtype=np.float32)

    def scores(self, histories):
        return self.table[np.diff(histories.indptr)]


@pytest.fixture
def table_scorer() -> type[TableScorer]:
    return TableScorer
