"""A scorer of one catalog that answers in terms of another."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.evaluation.scorer import Scorer


@dataclass(frozen=True, eq=False)
class TranslatedScorer:
    """Lets a scorer of one catalog answer in terms of another; movies that it does not know score zero."""

    scorer: Scorer
    own: Catalog
    asked: Catalog

    def scores(self, histories: sp.csr_array) -> NDArray[np.float32]:
        """Return the scores, dense float32, (n_block, n_items) of the asked catalog."""
        columns = self.own.find(self.asked.movie_ids)
        known = np.flatnonzero(columns >= 0)
        picked = histories[:, known].tocoo()
        shape = (histories.shape[0], self.own.n_items)
        translated = sp.csr_array((picked.data, (picked.row, columns[known][picked.col])), shape=shape)
        scores = np.zeros(histories.shape, dtype=np.float32)
        scores[:, known] = self.scorer.scores(translated)[:, columns[known]]
        return scores
