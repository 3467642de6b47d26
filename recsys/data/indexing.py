"""From ids to row numbers, for millions of them: by tables where ids are small, by sorting only where they are not."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_MAX_TABLE = 1 << 26
"""Largest table of ids, entries of four bytes."""
_CHUNK = 1 << 22


def index_ids(ids: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the distinct ids, int64, ascending, and the place of each id among them, int32 of the same shape."""
    if len(ids) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    low, high = int(ids.min()), int(ids.max())
    if low >= 0 and high < min(_MAX_TABLE, 16 * len(ids) + (1 << 20)):
        present = np.zeros(high + 1, np.bool_)
        present[ids] = True
        distinct = np.flatnonzero(present)
        table = np.zeros(high + 1, np.int32)
        table[distinct] = np.arange(len(distinct), dtype=np.int32)
        return distinct.astype(np.int64), table[ids]
    distinct, places = np.unique(ids, return_inverse=True)
    return distinct.astype(np.int64), places.astype(np.int32)


def find_ids(known: NDArray[np.int64], ids: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return the place of each id among known ones, which ascend strictly; int32, -1 for the others."""
    if len(ids) == 0 or len(known) == 0:
        return np.full(len(ids), -1, np.int32)
    low, high = int(known[0]), int(known[-1])
    if low >= 0 and high < min(_MAX_TABLE, 16 * len(ids) + (1 << 20)):
        table = np.full(high + 2, -1, np.int32)  # the last entry is for whatever is out of range
        table[known] = np.arange(len(known), dtype=np.int32)
        inside = (ids >= 0) & (ids <= high)
        return table[ids] if inside.all() else table[np.where(inside, ids, high + 1)]
    places = np.minimum(known.searchsorted(ids), len(known) - 1)
    return np.where(known[places] == ids, places, -1).astype(np.int32)


def is_sorted_strictly(user_indices: NDArray[np.int32], item_indices: NDArray[np.int32]) -> bool:
    """Return whether pairs ascend by user, then by item, without any twice; as the files of GroupLens do."""
    for part in _chunks(len(user_indices)):
        users, items = user_indices[part], item_indices[part]
        ascending = (users[1:] > users[:-1]) | ((users[1:] == users[:-1]) & (items[1:] > items[:-1]))
        if not ascending.all():
            return False
    return True


def pair_order(
    user_indices: NDArray[np.int32], item_indices: NDArray[np.int32], n_items: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the order of pairs by user, then by item, equal ones as they come, and which repeat the one before.

    Returns
    -------
    (order, repeats): int64 and bool, (n_pairs,); ``repeats`` is in the sorted order.
    """
    pairs = user_indices.astype(np.int64) * n_items + item_indices
    order = np.argsort(pairs, kind="stable")
    repeats = np.zeros(len(order), np.bool_)
    repeats[1:] = np.diff(pairs[order]) == 0
    return order, repeats


def _chunks(length: int) -> Iterator[slice]:
    """Yield slices that cover a length, each overlapping the next by one."""
    for start in range(0, max(length - 1, 0), _CHUNK):
        yield slice(start, start + _CHUNK + 1)
