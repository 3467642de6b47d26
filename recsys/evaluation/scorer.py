"""What is evaluated: anything that turns histories into scores, and the popularity baseline."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.top_k import mask_seen


class Scorer(Protocol):
    """Anything that scores all movies for a block of users."""

    def scores(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the scores, dense float32, (n_block, n_items); read-only arrays are welcome.

        Parameters
        ----------
        histories
            CSR float32, (n_block, n_items), stars 0.5-5; a row may be empty. Seen movies need not be masked.
        """
        ...


@dataclass(frozen=True, eq=False)
class PopularityScorer:
    """The baseline: every user gets the movies that most users have rated.

    Attributes
    ----------
    popularity
        int64, (n_items,), number of ratings in train; or float32, such as what is popular lately.
    """

    popularity: NDArray[np.int64] | NDArray[np.float32]

    def scores(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the popularity, float32, (n_block, n_items), the same in each row, a read-only view."""
        return np.broadcast_to(self.popularity.astype(np.float32), histories.shape)


class ScoreBlock(NamedTuple):
    """Scores of consecutive users.

    Attributes
    ----------
    rows
        Which of the users asked for.
    scores
        float32, (n_block, n_items), -inf at seen movies.
    """

    rows: slice
    scores: NDArray[np.float32]


def score_blocks(
    scorer: Scorer, user_items: sp.csr_array, user_indices: NDArray[np.int64], *, block_size: int
) -> Iterator[ScoreBlock]:
    """Yield the scores of users block by block, seen movies masked, so that memory holds `block_size` rows only.

    Parameters
    ----------
    scorer
        What is evaluated.
    user_items
        CSR float32, (n_users, n_items), the histories, stars 0.5-5.
    user_indices
        int64, (n_asked,), the users to score.
    block_size
        Users in a block, at least 1.
    """
    for start in range(0, len(user_indices), block_size):
        rows = slice(start, min(start + block_size, len(user_indices)))
        histories = user_items[user_indices[rows]]
        yield ScoreBlock(rows, mask_seen(scorer.scores(histories), histories))
