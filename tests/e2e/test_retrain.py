"""Retraining as real processes: killed at every stage, ended by SIGTERM, and by the clock."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from builders import first_users
from model_stores import add_version, client_of, make_store, recipe
from service_process import environment

from recsys.alias.move import move
from recsys.alias.state import AliasState
from recsys.data import csv_family
from recsys.data.sample import sample_dataset
from recsys.registry import Registry
from training.project_run import EXPERIMENT

pytestmark = pytest.mark.slow

KILLER = Path(__file__).parent / "kill_retraining.py"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small dataset and an empty registry."""
    home = tmp_path_factory.mktemp("retraining")
    csv_family.write(first_users(sample_dataset(), 90), home / "ml-sample")
    make_store(home)
    return home


def open_registry(home: Path, name: str) -> Registry:
    """Return a registered model with a version of item-knn in Production."""
    registry = Registry(name, f"sqlite:///{home}/mlflow.db")
    add_version(registry, first_users(sample_dataset(), 90), recipe("item-knn"))
    move(registry, "Production", 1, action="promoted")
    return registry


def variables(home: Path, name: str) -> dict[str, str]:
    return environment(
        MLFLOW_TRACKING_URI=f"sqlite:///{home}/mlflow.db",
        RECSYS_MODEL__NAME=name,
        RECSYS_DATA__DIR=str(home / "ml-sample"),
    )


def run_retraining(home: Path, name: str, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *(argv or ("-m", "training", "retrain"))]
    return subprocess.run(  # noqa: PLW1510
        command, cwd=home, env=variables(home, name), capture_output=True, text=True, timeout=600
    )


STAGES = {
    "lock_taken": ("training.retrain:_put_right", 1),
    "run_begun": ("training.engine:run_experiment_beside_random", 1),
    "model_logged": ("training.train:register", 1),
    "registered": ("training.train:give_challenger", 1),
    "one_challenger_written": ("recsys.registry:Registry.point", 2),
    "challenger": ("training.retrain:gather_evidence", 1),
    "judged": ("training.retrain:put_on_record", 1),
    "promoting": ("recsys.alias.move:_align", 1),
    "one_alias_written": ("recsys.registry:Registry.point", 4),
    "both_aliases_written": ("recsys.alias.move:_record", 1),
}


@pytest.mark.parametrize("stage", STAGES)
def test_retrain_killed_at_any_stage_is_consistent_or_repaired_by_the_next_command(home, stage):
    name = f"killed-{stage}"
    registry = open_registry(home, name)
    where, nth = STAGES[stage]
    done = run_retraining(home, name, str(KILLER), where, str(nth))
    assert done.returncode == -signal.SIGKILL, done.stderr
    now = AliasState.of(registry.metadata(), "Production")
    moved = stage in ("one_alias_written", "both_aliases_written")
    assert now.current == (2 if moved else 1)
    assert len(registry.versions()) == (1 if stage in ("lock_taken", "run_begun", "model_logged") else 2)
    again = run_retraining(home, name, "-m", "training", "retrain", "--force")
    assert again.returncode == 0, again.stderr
    assert "is now Production" in again.stdout
    if moved or stage == "promoting":
        assert "was interrupted" in again.stderr
    if stage in ("run_begun", "model_logged"):
        assert "left running by a process that has died" in again.stderr
    after = AliasState.of(registry.metadata(), "Production")
    assert after.is_settled
    assert after.current == registry.versions()[0].version == registry.aliases()["Challenger"]
    assert not [tag for tag in registry.tags() if tag.startswith("recsys.lock.")]


def test_retrain_twice_at_once_one_fails_with_a_clear_sentence(home):
    registry = open_registry(home, "twice")
    command = [sys.executable, "-m", "training", "retrain"]
    started = [
        subprocess.Popen(command, cwd=home, env=variables(home, "twice"), stdout=-1, stderr=-1, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=600) for process in started]
    codes = [process.returncode for process in started]
    assert sorted(codes) == [0, 1], told
    assert "a retraining by" in told[codes.index(1)][1]
    assert [version.version for version in registry.versions()] == [2, 1]


def test_retrain_sigterm_gives_the_lock_back_and_marks_the_run(home):
    registry = open_registry(home, "ended")
    process = subprocess.Popen([sys.executable, "-m", "training", "retrain"], cwd=home, env=variables(home, "ended"))
    client = client_of(registry)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    deadline = time.monotonic() + 600
    while not client.search_runs([experiment], "attributes.status = 'RUNNING'"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.terminate()
    assert process.wait(120) == 143
    assert not client.search_runs([experiment], "attributes.status = 'RUNNING'")
    assert not [tag for tag in registry.tags() if tag.startswith("recsys.lock.")]
    assert AliasState.of(registry.metadata(), "Production").current == 1


def test_schedule_fires_each_minute_logs_json_and_ends_on_sigterm(home):
    registry = open_registry(home, "scheduled")
    command = [sys.executable, "-m", "training", "schedule", "--cron", "* * * * *", "--catch-up", "false"]
    with (home / "schedule.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=home, env=variables(home, "scheduled"), stdout=log, stderr=log)
    deadline = time.monotonic() + 600
    # The first run makes a version; the second finds nothing new.
    while "nothing new: " not in (home / "schedule.log").read_text(encoding="utf-8"):
        assert process.poll() is None
        assert time.monotonic() < deadline, (home / "schedule.log").read_text()
        time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 0
    lines = [json.loads(line) for line in (home / "schedule.log").read_text(encoding="utf-8").splitlines()]
    messages = [line["message"] for line in lines]
    starts = [line["timestamp"][17:19] for line in lines if line["message"] == "retraining starts"]
    assert starts[:2] == ["00", "00"]
    assert any(message.startswith("next run: ") for message in messages)
    assert any(message.startswith("last run: ") and "succeeded" in message for message in messages)
    assert "the schedule ends" in messages
    run = client_of(registry).get_run(registry.version(2).run_id)
    assert run.data.tags["trigger"] == "schedule"
    shown = run_retraining(home, "scheduled", "-m", "training", "schedule", "--show")
    assert shown.stdout.splitlines()[1].startswith("last run: ")
    assert "nothing new: version 2, which is served" in shown.stdout
    assert len(registry.versions()) == 2


def test_schedule_sigterm_during_a_run_ends_the_run_too(home):
    open_registry(home, "cut")
    command = [sys.executable, "-m", "training", "schedule", "--cron", "* * * * *", "--catch-up", "false"]
    process = subprocess.Popen(command, cwd=home, env=variables(home, "cut"), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "retraining starts" in line:
            break
    tasks, pids, deadline = Path(f"/proc/{process.pid}/task"), [], time.monotonic() + 600
    while not pids:
        assert time.monotonic() < deadline
        pids = [int(pid) for path in tasks.glob("*/children") for pid in path.read_text().split()]
    process.send_signal(signal.SIGTERM)
    process.stdout.read()
    process.stdout.close()
    assert process.wait(120) == 0
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
