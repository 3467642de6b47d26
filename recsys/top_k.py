"""The k best of many, always in the same order: by score, largest first, then by item index."""

import numpy as np
from numpy.typing import NDArray


def top_k(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the indices of the k largest scores, int64, (min(k, n_items),), best first, ties by index."""
    if k < len(scores):
        threshold = np.partition(scores, len(scores) - k)[len(scores) - k]
        candidates = np.flatnonzero(scores >= threshold)
    else:
        candidates = np.arange(len(scores))
    return candidates[np.argsort(-scores[candidates], kind="stable")[:k]]


def top_k_columns(rows: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the columns of the k largest values of each row, int64, (n_rows, k), in no order, ties by column.

    Ties are settled by making every value unique: the bits of a float32, turned into an integer of the same order,
    stand above the reversed column number in one int64 key.
    """
    n_columns = rows.shape[1]
    if k >= n_columns:
        return np.broadcast_to(np.arange(n_columns), rows.shape)
    bits = (rows + np.float32(0)).view(np.int32)  # adding zero turns -0.0 into 0.0
    ordered = np.where(bits < 0, np.int32(-0x80000000) - bits - 1, bits).astype(np.int64)
    keys = (ordered << 32) | np.arange(n_columns, 0, -1)
    return np.argpartition(keys, n_columns - k, axis=1)[:, n_columns - k :]
