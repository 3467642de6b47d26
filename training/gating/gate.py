"""The gate between a candidate and the served alias: a pure function from measurements to a verdict.

A refused promotion is a value, not an exception. A candidate passes when it answers sanely, still knows Production's
movies, is not worse than Production by more than a tolerance, and its lists have not collapsed onto a few movies.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation.bootstrap import Interval, paired_bootstrap
from training.gating.params import GateParams
from training.gating.verdict import Check, Verdict


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
        Whether someone has removed the alias, and so wants nothing to be served again.
    """

    candidate: Contender
    production: Contender | None
    smoke_problem: str = ""
    catalog_kept: float | None = None
    obstacle: str = ""
    notes: tuple[str, ...] = ()
    withdrawn: bool = False


def judge(contest: Contest, params: GateParams) -> Verdict:
    """Return whether the candidate may be promoted, why, and with which numbers."""
    candidate, production = contest.candidate, contest.production
    numbers = {
        "candidate_ndcg_at_10": _mean(candidate.user_ndcg),
        "candidate_coverage_at_10": candidate.coverage,
        "users": float(len(candidate.user_ids)),
        "tolerance": params.tolerance,
    }
    if contest.catalog_kept is not None:
        numbers["catalog_kept"] = contest.catalog_kept
    interval, differences = None, None
    if production and not _obstacle(contest, params):
        differences = candidate.user_ndcg - production.user_ndcg
        interval = paired_bootstrap(
            candidate.user_ndcg,
            production.user_ndcg,
            n_resamples=params.n_resamples,
            confidence=params.confidence,
            rng=np.random.default_rng(params.seed),
        )
        numbers |= _numbers(production, interval, differences)
    checks = (
        _smoke(contest),
        _alias(contest),
        _catalog(contest, params),
        _contest(contest, interval, params),
        _coverage(contest, params),
    )
    return Verdict(checks, contest.notes, numbers, differences, interval)


def _numbers(production: Contender, interval: Interval, differences: NDArray[np.float64]) -> dict[str, float]:
    return {
        "production_ndcg_at_10": _mean(production.user_ndcg),
        "production_coverage_at_10": production.coverage,
        "difference_mean": interval.mean,
        "difference_lower": interval.lower,
        "difference_upper": interval.upper,
        "users_better": float(np.count_nonzero(differences > 0)),
        "users_worse": float(np.count_nonzero(differences < 0)),
    }


def _smoke(contest: Contest) -> Check:
    if contest.smoke_problem:
        return Check("smoke", "smoke", "refused", f"the candidate cannot be served: {contest.smoke_problem}")
    return Check("smoke", "smoke", "passed", "the candidate answers smoke predictions, and its files are intact")


def _alias(contest: Contest) -> Check:
    if contest.withdrawn:
        sentence = "someone has removed the alias, and only a person sets it again"
        return Check("alias_in_use", "smoke", "refused", sentence)
    return Check("alias_in_use", "smoke", "passed", "nobody has removed the alias")


def _catalog(contest: Contest, params: GateParams) -> Check:
    kept, threshold = contest.catalog_kept, params.min_catalog_kept
    if kept is None:
        return Check("catalog_kept", "catalog", "not checked", "there is no Production whose movies could be read")
    sentence = f"it knows {kept:.1%} of Production's movies (at least {threshold:.0%} are wanted)"
    if kept < threshold:
        sentence += ": another catalogue is for a person to decide on"
    return Check("catalog_kept", "catalog", "refused" if kept < threshold else "passed", sentence, kept, threshold)


def _obstacle(contest: Contest, params: GateParams) -> str:
    """Return why the two cannot be compared, else an empty text."""
    candidate, production = contest.candidate, contest.production
    if contest.obstacle or production is None:
        return f"Production cannot be compared: {contest.obstacle}" if contest.obstacle else ""
    if not np.array_equal(candidate.user_ids, production.user_ids):
        return "the two were measured on different users"
    if len(candidate.user_ids) < params.min_users:
        return f"{len(candidate.user_ids)} holdout users are too few to tell, at least {params.min_users} are wanted"
    return ""


def _contest(contest: Contest, interval: Interval | None, params: GateParams) -> Check:
    obstacle = _obstacle(contest, params)
    if obstacle:
        return Check("contest_of_recipes", "contest", "refused", obstacle)
    if interval is None or contest.production is None:
        return Check("contest_of_recipes", "contest", "passed", "there is no Production to compare with")
    label, threshold = contest.production.label, -params.tolerance
    span = f"nDCG@10 {interval.mean:+.4f} [{interval.lower:+.4f}, {interval.upper:+.4f}] against {label}"
    if interval.lower <= threshold:
        sentence = f"{span}: the lower end is not above {threshold:+.4f}"
        return Check("contest_of_recipes", "contest", "refused", sentence, interval.lower, threshold)
    sentence = f"{span}: the lower end is above {threshold:+.4f}"
    return Check("contest_of_recipes", "contest", "passed", sentence, interval.lower, threshold)


def _coverage(contest: Contest, params: GateParams) -> Check:
    if contest.production is None:
        return Check("coverage", "coverage", "not checked", "there is no coverage of Production to compare with")
    before, now = contest.production.coverage, contest.candidate.coverage
    threshold = params.min_coverage_ratio * before
    if now < threshold:
        sentence = (
            f"coverage collapses from {before:.1%} to {now:.1%} of the catalogue, below "
            f"{params.min_coverage_ratio:.0%} of what it was"
        )
        return Check("coverage", "coverage", "refused", sentence, now, threshold)
    return Check(
        "coverage",
        "coverage",
        "passed",
        f"its lists cover {now:.1%} of the catalogue, before {before:.1%}",
        now,
        threshold,
    )


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")
