"""The gate between a candidate and the served alias: a pure function from measurements to a verdict.

A refused promotion is a value, not an exception. A candidate passes when it answers sanely, still knows Production's
movies, is not worse than Production by more than a tolerance, and its lists have not collapsed onto a few movies.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from recsys.evaluation.bootstrap import Interval, paired_bootstrap


class GateParams(BaseModel):
    """How strict the gate is."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    tolerance: float = Field(0.002, ge=0, le=1)
    """How much worse in nDCG@10 a candidate may be, at the lower end of the interval."""
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """Of the two-sided interval."""
    min_coverage_ratio: float = Field(0.25, ge=0, le=1)
    """The least that may be left of Production's catalogue coverage, as a share of it."""
    min_catalog_kept: float = Field(0.9, ge=0, le=1)
    """The least share of Production's movies that the candidate has to know, by the same id and title."""
    min_users: int = Field(30, ge=1)
    """With fewer holdout users an interval means nothing."""
    n_resamples: int = Field(10_000, ge=100)
    """Draws of the bootstrap."""
    seed: int = Field(0, ge=0)
    """Of the bootstrap, so that a verdict can be repeated."""


@dataclass(frozen=True, eq=False)
class Contender:
    """What the gate knows about one side.

    Attributes
    ----------
    label
        For people: ``"version 7 (ease)"``.
    user_ids
        int64, (n_users,), the evaluated users, ascending.
    user_ndcg
        float64, (n_users,), nDCG@10 of each.
    coverage
        Share of the catalogue in the lists of ten.
    """

    label: str
    user_ids: NDArray[np.int64]
    user_ndcg: NDArray[np.float64]
    coverage: float


@dataclass(frozen=True, eq=False)
class Contest:
    """All that the gate looks at.

    Attributes
    ----------
    candidate
        The new one.
    production
        The served one on the same holdout, None where there is none or it cannot be compared.
    smoke_problem
        Why the candidate cannot be served, empty when it can.
    catalog_kept
        Share of Production's movies that the candidate knows; None where that is not known.
    obstacle
        Why Production cannot be compared, empty when it can, or when there is none.
    notes
        What a reader of the verdict should know about how it came about.
    withdrawn
        Whether someone has removed the alias, and so wants nothing to be served anew.
    """

    candidate: Contender
    production: Contender | None
    smoke_problem: str = ""
    catalog_kept: float | None = None
    obstacle: str = ""
    notes: tuple[str, ...] = ()
    withdrawn: bool = False


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the gate says.

    Attributes
    ----------
    promote
        Whether the candidate passes.
    reasons
        Why, a sentence each: what it failed by, or what it passed by.
    notes
        How the contest was held.
    numbers
        Everything that was measured, by name.
    differences
        float64, (n_users,), nDCG@10 of candidate minus Production for each user; None without a comparison.
    interval
        Of the mean difference; None without a comparison.
    """

    promote: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    differences: NDArray[np.float64] | None = None
    interval: Interval | None = None

    @property
    def sentence(self) -> str:
        """Return the verdict as one line."""
        return ("passed: " if self.promote else "refused: ") + "; ".join(self.reasons)


def judge(contest: Contest, params: GateParams) -> Verdict:
    """Return whether the candidate may be promoted, why, and with which numbers."""
    failed = _failed_before_comparison(contest, params)
    numbers = {
        "candidate_ndcg_at_10": _mean(contest.candidate.user_ndcg),
        "candidate_coverage_at_10": contest.candidate.coverage,
        "users": float(len(contest.candidate.user_ids)),
        "tolerance": params.tolerance,
    }
    if contest.catalog_kept is not None:
        numbers["catalog_kept"] = contest.catalog_kept
    if contest.production is None:
        passed = () if failed else ("there is no Production to compare with",)
        return Verdict(not failed, (*failed, *passed), contest.notes, numbers)
    return _compared(contest, contest.production, params, failed, numbers)


def _failed_before_comparison(contest: Contest, params: GateParams) -> list[str]:
    failed = []
    if contest.smoke_problem:
        failed.append(f"the candidate cannot be served: {contest.smoke_problem}")
    if contest.withdrawn:
        failed.append("someone has removed the alias, and only a person sets it again")
    if contest.catalog_kept is not None and contest.catalog_kept < params.min_catalog_kept:
        failed.append(
            f"it knows {contest.catalog_kept:.1%} of Production's movies (at least {params.min_catalog_kept:.0%} are "
            "wanted): another catalogue is for a person to decide on"
        )
    if contest.obstacle:
        failed.append(f"Production cannot be compared: {contest.obstacle}")
    return failed


def _compared(
    contest: Contest, production: Contender, params: GateParams, failed: list[str], numbers: dict[str, float]
) -> Verdict:
    candidate = contest.candidate
    if not np.array_equal(candidate.user_ids, production.user_ids):
        failed = [*failed, "the two were measured on different users"]
        return Verdict(promote=False, reasons=tuple(failed), notes=contest.notes, numbers=numbers)
    if len(candidate.user_ids) < params.min_users:
        reason = f"{len(candidate.user_ids)} holdout users are too few to tell, at least {params.min_users} are wanted"
        return Verdict(promote=False, reasons=(*failed, reason), notes=contest.notes, numbers=numbers)
    interval = paired_bootstrap(
        candidate.user_ndcg,
        production.user_ndcg,
        n_resamples=params.n_resamples,
        confidence=params.confidence,
        rng=np.random.default_rng(params.seed),
    )
    differences = candidate.user_ndcg - production.user_ndcg
    numbers = {
        **numbers,
        "production_ndcg_at_10": _mean(production.user_ndcg),
        "production_coverage_at_10": production.coverage,
        "difference_mean": interval.mean,
        "difference_lower": interval.lower,
        "difference_upper": interval.upper,
        "users_better": float(np.count_nonzero(differences > 0)),
        "users_worse": float(np.count_nonzero(differences < 0)),
    }
    span = f"nDCG@10 {interval.mean:+.4f} [{interval.lower:+.4f}, {interval.upper:+.4f}] against {production.label}"
    if interval.lower <= -params.tolerance:
        failed.append(f"{span}: the lower end is not above {-params.tolerance:+.4f}")
    if candidate.coverage < params.min_coverage_ratio * production.coverage:
        failed.append(
            f"coverage collapses from {production.coverage:.1%} to {candidate.coverage:.1%} of the catalogue, below "
            f"{params.min_coverage_ratio:.0%} of what it was"
        )
    passed = () if failed else (f"{span}: the lower end is above {-params.tolerance:+.4f}",)
    return Verdict(not failed, (*failed, *passed), contest.notes, numbers, differences, interval)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
