"""What `python -m training retrain` prints, and what it leaves in the note of its run."""

import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import first_users
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE
from model_stores import client_of, make_store

from recsys.data import csv_family
from recsys.data.sample import sample_dataset
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.cli import main
from training.commands.retrain import outcome
from training.gating.verdict import Verdict
from training.retrain import Retrained


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Return an empty registry, in whose folder a dataset lies."""
    registry = make_store(tmp_path)
    csv_family.write(first_users(sample_dataset(), 90), tmp_path / "ml-own")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", registry.tracking_uri)
    monkeypatch.setattr("training.tracking.log_outcome", lambda *_: None)  # takes most of the time
    return registry


def test_retrain_says_who_is_challenger_and_how_to_run_it_again(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["retrain", "--data-dir", "ml-own", "--duplicates", "error", "--auto-promote", "false"]
    assert main([*flags, "--method", "item-knn"]) == 0
    assert ") is Challenger; automatic promotion is switched off; to promote it:" in capsys.readouterr().out
    assert main([*flags, "--method", "content-jaccard"]) == 0
    shown = capsys.readouterr().out
    assert ") is registered; automatic promotion is switched off; to promote it:" in shown
    assert "version 1 (item-knn) stays Challenger: on the same data and split " in shown
    note = client_of(registry).get_run(registry.versions()[0].run_id).data.tags[MLFLOW_RUN_NOTE]
    command = next(line for line in note.splitlines() if line.strip().startswith("mlflow run"))
    assert {"data_dir=ml-own", "duplicates=error", "method=content-jaccard"} <= set(shlex.split(command))


def test_outcome_names_an_alias_only_where_the_version_has_one() -> None:
    version = ModelVersion("movies", 2, "run", "models:/m-1", datetime.now(UTC), {})
    left = Retrained(version, Verdict(()), None)
    assert outcome(left, "Production")["alias"] == "Challenger"
    assert outcome(replace(left, challenger_kept="version 1 stays Challenger"), "Production")["alias"] is None
