"""Putting the verdict on record."""

import json

from mlflow import MlflowClient

from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.gating.picture import gate_picture
from training.gating.verdict import Verdict

GATE_TAG = "gate"
"""Tag of the version: the verdict as one line."""


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
