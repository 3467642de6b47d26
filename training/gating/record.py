"""Holding the contest between a candidate and Production, and putting the verdict on record."""

import json
import tempfile
from pathlib import Path

from mlflow import MlflowClient

from recsys.alias.move import AliasState
from recsys.evaluation.report import Evaluation
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.splits import Split
from training.gating.contest import measure, open_registered, share_of_movies_kept
from training.gating.gate import Contender, Contest
from training.gating.picture import gate_picture
from training.gating.smoke import problem_of_version
from training.gating.verdict import Verdict

GATE_TAG = "gate"
"""Tag of the version: the verdict as one line."""


def hold_contest(
    registry: Registry, candidate: ModelVersion, evaluation: Evaluation, parts: Split, state: AliasState
) -> Contest:
    """Return the contest between a candidate, whose evaluation on these parts is known, and Production.

    Parameters
    ----------
    state
        Of the served alias: it says which version Production is.
    """
    label = f"version {candidate.version} ({candidate.tags.get('method', 'method unknown')})"
    ours = as_contender(label, evaluation, parts)
    smoke_problem = problem_of_version(registry, candidate)
    if state.current is None:
        return Contest(ours, None, smoke_problem, withdrawn=state.was_withdrawn)
    with tempfile.TemporaryDirectory() as scratch:
        served = open_registered(registry, registry.version(state.current), Path(scratch))
        measured = measure(served, parts)
        kept = share_of_movies_kept(served.model.catalog, parts.train.catalog) if served.model else None
    theirs = as_contender(served.label, measured.evaluation, parts) if measured.evaluation else None
    notes, obstacle = list(measured.notes), measured.obstacle
    trained_on = served.version.tags.get("dataset", "unknown data")
    if kept is None and trained_on != parts.train.name:
        obstacle = obstacle or f"its movies cannot be read, and it was trained on {trained_on}"
    if served.version.tags.get("dataset_digest") != candidate.tags.get("dataset_digest"):
        notes.append(f"Production was trained on other data ({trained_on}); both were fitted on the candidate's")
    return Contest(ours, theirs, smoke_problem, kept, obstacle, tuple(notes))


def as_contender(label: str, evaluation: Evaluation, parts: Split) -> Contender:
    """Return an evaluation as one side of a contest."""
    return Contender(
        label=label,
        user_ids=parts.train.user_ids[evaluation.user_indices],
        user_ndcg=evaluation.user_ndcg_at_10,
        coverage=evaluation.metrics["coverage_at_10"],
    )


def put_on_record(registry: Registry, version: ModelVersion, verdict: Verdict, candidate_label: str) -> None:
    """Log the verdict to the version's run, as metrics, tags and a picture, and tag the version with it."""
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    with registry.registry_errors(f"the run {version.run_id} to write the verdict to"):
        for name, value in verdict.numbers.items():
            client.log_metric(version.run_id, f"gate_{name}", value)
        client.set_tag(version.run_id, "gate.verdict", "passed" if verdict.promote else "refused")
        client.set_tag(version.run_id, "gate.reasons", "; ".join((*verdict.reasons, *verdict.notes)))
        for check in verdict.checks:
            client.set_tag(version.run_id, f"gate.check.{check.name}", check.status)
        client.log_text(version.run_id, json.dumps(verdict.as_json(), indent=2), "gate/verdict.json")
        client.log_text(version.run_id, verdict.markdown(), "gate/verdict.md")
        client.log_table(version.run_id, verdict.table(), "gate/checks.json")
        client.log_figure(version.run_id, gate_picture(verdict, candidate_label), "gate/difference.png")
    registry.tag_version(version.version, {GATE_TAG: verdict.sentence})
