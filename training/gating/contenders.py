"""Two sides of a contest on the same users, and the interval of what lies between them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys.data.dataset import Dataset
from recsys.evaluation.bootstrap import Interval, paired_bootstrap
from recsys.evaluation.report import Evaluation
from training.gating.params import GateParams

MAX_USERS = 20_000
"""So many users, the same for both sides, tell a difference as well as all do."""


@dataclass(frozen=True, eq=False)
class Contender:
    """How one side did.

    Attributes
    ----------
    label
        For people: ``"version 7 (ease)"``.
    user_ids
        int64, (n_users,), the evaluated users, ascending.
    user_ndcg
        float64, (n_users,), nDCG@10 of each.
    coverage
        Share of the catalog in the lists of ten.
    """

    label: str
    user_ids: NDArray[np.int64]
    user_ndcg: NDArray[np.float64]
    coverage: float

    @classmethod
    def of(cls, label: str, evaluation: Evaluation, train: Dataset) -> "Contender":
        """Return an evaluation as one side of a contest."""
        return cls(
            label=label,
            user_ids=train.user_ids[evaluation.user_indices],
            user_ndcg=evaluation.user_ndcg_at_10,
            coverage=evaluation.metrics["coverage_at_10"],
        )

    @property
    def ndcg(self) -> float:
        """Return the mean nDCG@10, NaN without users."""
        return float(self.user_ndcg.mean()) if len(self.user_ndcg) else float("nan")


@dataclass(frozen=True, eq=False)
class Contest:
    """A contest that was held.

    Attributes
    ----------
    candidate, production
        The two sides.
    how
        Where it was held, for people: ``"on 113 users after the cut"``.
    """

    candidate: Contender
    production: Contender
    how: str = ""

    @cached_property
    def differences(self) -> NDArray[np.float64]:
        """Return nDCG@10 of candidate minus Production for each user, float64, (n_users,)."""
        return self.candidate.user_ndcg - self.production.user_ndcg

    def obstacle(self, min_users: int) -> str:
        """Return why it tells nothing, else an empty text."""
        if not np.array_equal(self.candidate.user_ids, self.production.user_ids):
            return "the two were measured on different users"
        if len(self.candidate.user_ids) < min_users:
            return f"{len(self.candidate.user_ids)} holdout users are too few to tell, at least {min_users} are wanted"
        return ""

    def interval(self, params: GateParams) -> Interval:
        """Return the interval of the mean difference."""
        return interval_of(self.candidate.user_ndcg, self.production.user_ndcg, params)

    def numbers(self, interval: Interval) -> dict[str, float]:
        """Return what was measured, by name."""
        return {
            "candidate_ndcg_at_10": self.candidate.ndcg,
            "production_ndcg_at_10": self.production.ndcg,
            "candidate_coverage_at_10": self.candidate.coverage,
            "production_coverage_at_10": self.production.coverage,
            "users": float(len(self.candidate.user_ids)),
            "difference_mean": interval.mean,
            "difference_lower": interval.lower,
            "difference_upper": interval.upper,
            "users_better": float(np.count_nonzero(self.differences > 0)),
            "users_worse": float(np.count_nonzero(self.differences < 0)),
        }


def interval_of(a: NDArray[np.float64], b: NDArray[np.float64], params: GateParams) -> Interval:
    """Return the interval of the mean of a - b over users, by the gate's bootstrap."""
    rng = np.random.default_rng(params.seed)
    return paired_bootstrap(a, b, n_resamples=params.n_resamples, confidence=params.confidence, rng=rng)
