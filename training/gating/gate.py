"""The gate between a candidate and the served alias: a pure function from evidence to a verdict.

A refused promotion is a value, not an exception. All checks are made and told, in this order: does the candidate
answer, are its data what Production's have grown into, is it about the same movies, does it hold its own where ratings
are new, do its lists still cover the catalog, does it reach what is on record.
"""

from dataclasses import dataclass
from datetime import datetime

from training.gating.catalog_checks import catalog_checks
from training.gating.contest_checks import Trials, contest_checks
from training.gating.data_checks import data_checks
from training.gating.params import GateParams
from training.gating.sides import Side
from training.gating.verdict import SMOKE, Check, Verdict


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that the gate looks at.

    Attributes
    ----------
    candidate, production
        Their data, as the versions themselves tell; text tells why there is nothing to look at.
    smoke_problem
        Why the candidate cannot be served, empty when it can.
    withdrawn
        Whether someone has removed the alias, and so wants nothing to be served again.
    trials
        What was measured on ratings; None where nothing is served to compare with.
    notes
        What a reader of the verdict should know about how it came about.
    names
        Of their data, by the tags of both; they count where files cannot be read. Empty where there is no tag.
    """

    candidate: Side | str
    production: Side | str
    smoke_problem: str = ""
    withdrawn: bool = False
    trials: Trials | None = None
    notes: tuple[str, ...] = ()
    names: tuple[str, str] = ("", "")


def judge(evidence: Evidence, params: GateParams, now: datetime) -> Verdict:
    """Return whether the candidate may be promoted, why, and with which numbers."""
    checks = (*standing_checks(evidence, params, now), *contest_checks(evidence.trials, params))
    numbers = {check.name: check.number for check in checks if check.number is not None}
    numbers["tolerance"] = params.tolerance
    held = evidence.trials.main if evidence.trials else None
    if held is None or held.obstacle(params.min_users):
        return Verdict(checks, evidence.notes, numbers)
    interval = held.interval(params)
    return Verdict(checks, evidence.notes, numbers | held.numbers(interval), held.differences, interval)


def standing_checks(evidence: Evidence, params: GateParams, now: datetime) -> tuple[Check, ...]:
    """Return the checks that need no ratings, only what the versions carry: `promote` by hand makes these as well."""
    return (
        _smoke(evidence.smoke_problem),
        _alias(withdrawn=evidence.withdrawn),
        *data_checks(evidence.candidate, evidence.production, params, now),
        *catalog_checks(evidence.candidate, evidence.production, params, evidence.names),
    )


def _smoke(problem: str) -> Check:
    if problem:
        return Check(SMOKE, "smoke", "refused", f"it cannot be served: {problem}")
    return Check(SMOKE, "smoke", "passed", "the candidate answers smoke predictions, and its files are intact")


def _alias(*, withdrawn: bool) -> Check:
    if withdrawn:
        sentence = "someone has removed the alias, and only a person sets it again"
        return Check("alias_in_use", "smoke", "refused", sentence)
    return Check("alias_in_use", "smoke", "passed", "nobody has removed the alias")
