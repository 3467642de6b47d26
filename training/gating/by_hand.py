"""The verdict on a version that a person wants to promote: the same checks, but no contest is held."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from recsys.evaluation.floor import shortfall
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.gating.contest_checks import NO_WORSE, coverage_check, floor_check
from training.gating.evidence import NOBODY, names_of_data
from training.gating.gate import Evidence, standing_checks
from training.gating.params import GateParams
from training.gating.records import Recorded, recorded
from training.gating.registered import Registered, open_registered
from training.gating.smoke import problem_of_version
from training.gating.thresholds import not_checked
from training.gating.verdict import Check, Verdict


def judge_by_hand(
    registry: Registry, version: ModelVersion, served: ModelVersion | None, params: GateParams | None = None
) -> Verdict:
    """Return what the gate says of a version that is to take the place of the served one.

    Whoever promotes by hand may prefer another method, and may set an alias again that was removed, so neither a
    contest nor the alias stands in the way.
    """
    params = params or GateParams()
    problem = problem_of_version(registry, version)
    with tempfile.TemporaryDirectory() as scratch:
        ours = open_registered(registry, version, Path(scratch) / "candidate")
        if served is None or served.version == version.version:
            evidence = Evidence(ours.side, NOBODY, problem)
            return Verdict(standing_checks(evidence, params, datetime.now(UTC)))
        theirs = open_registered(registry, served, Path(scratch) / "production")
        evidence = Evidence(ours.side, theirs.side, problem, names=names_of_data(version, served))
        checks = standing_checks(evidence, params, datetime.now(UTC))
        popularity = _beats_popularity(version, served)
        return Verdict((*checks, popularity, *_on_record(registry, ours, theirs, params)))


def _beats_popularity(version: ModelVersion, served: ModelVersion) -> Check:
    """Return whether a version beats popularity, by the records of both."""
    if not (problem := shortfall(version.tags)):
        return Check("beats_popularity", "contest", "passed", "it does not fall short of popularity, by its record")
    if shortfall(served.tags):
        return Check("beats_popularity", "contest", "warning", f"{problem}; {NO_WORSE}")
    return Check("beats_popularity", "contest", "refused", problem)


def _on_record(registry: Registry, ours: Registered, theirs: Registered, params: GateParams) -> tuple[Check, ...]:
    """Return coverage and floor, from what the runs of both have on record."""
    found = recorded(registry, ours.version, theirs.version)
    coverage = (
        coverage_check(found.candidate.coverage, found.production.coverage, params)
        if isinstance(found, Recorded)
        else not_checked("coverage", "coverage", found)
    )
    if (ours.method, ours.params) != (theirs.method, theirs.params):
        return coverage, not_checked("floor", "floor", "the two were made by different recipes")
    return coverage, floor_check(found, params)
