"""The flags that say where data are and what to do with ratings that cannot be taken as they are."""

import json
import shlex
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mlflow
import pytest
from empty_store import write_empty_store
from mlflow import MlflowClient
from mlflow.entities import Run

from recsys.data.policies import Note
from recsys.data.sample import sample_dataset
from tests.recsys.data.tables import HEADER, MOVIES, RATINGS, text_of, write_folder
from training.cli import main
from training.commands.schedule import PASSED_ON
from training.tracking import READING, log_reading


def evaluate(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str]:
    """Return the exit code and what is said of an evaluation, whose split leaves room for the few ratings."""
    code = main(["evaluate", "--method", "popularity", "--holdout-ratio", "0.4", "--json", *flags])
    shown = capsys.readouterr()
    return code, shown.out or shown.err


@pytest.fixture
def rows() -> list[tuple[int, int, float, int]]:
    return [(user, movie, 2 * stars, time) for user in range(1, 8) for _, movie, stars, time in RATINGS[:2]]


def test_evaluate_takes_a_scale_and_refuses_without(
    tmp_path: Path, rows: list[tuple[int, int, float, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(write_folder(tmp_path, text_of(rows, HEADER)) / "ratings.csv")
    code, said = evaluate(capsys, "--data-dir", place)
    assert (code, "as in --scale 1-10" in said) == (1, True)
    code, said = evaluate(capsys, "--data-dir", place, "--scale", "1-10")
    assert code == 0
    assert "ndcg_at_10" in json.loads(said)
    code, said = evaluate(capsys, "--data-dir", place, "--scale", "ten")
    assert (code, "write it as 1-10" in said) == (2, True)


def test_evaluate_settings_are_the_defaults_of_the_flags(
    tmp_path: Path,
    rows: list[tuple[int, int, float, int]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RECSYS_DATA__DIR", str(write_folder(tmp_path, text_of([*rows, rows[0]], HEADER))))
    monkeypatch.setenv("RECSYS_DATA__SCALE", "1-10")
    assert evaluate(capsys)[0] == 0
    code, said = evaluate(capsys, "--duplicates", "error")
    assert (code, "has rated movie 10 already in line 2" in said) == (1, True)
    monkeypatch.setenv("RECSYS_DATA__DUPLICATES", "error")
    assert evaluate(capsys)[0] == 1
    assert evaluate(capsys, "--duplicates", "keep-last")[0] == 0
    code, said = evaluate(capsys, "--duplicates", "keep-first")
    assert (code, "is none of keep-last, error" in said) == (2, True)


def test_evaluate_unknown_movies_are_dropped_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(user, movie, 4, 1) for user in range(1, 8) for movie in (10, 20, 99)]
    place = str(write_folder(tmp_path, text_of(rows, HEADER), text_of(MOVIES, ("movieId", "title", "genres"))))
    code, said = evaluate(capsys, "--data-dir", place)
    assert (code, "--unknown-movies drop" in said) == (1, True)
    assert evaluate(capsys, "--data-dir", place, "--unknown-movies", "drop")[0] == 0


def test_schedule_passes_the_flags_on() -> None:
    assert {"data_dir", "duplicates", "unknown_movies", "scale"} <= set(PASSED_ON)


def test_download_into_a_bucket_is_refused(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_DATA__DIR", "s3://films/ml-100k")
    assert main(["download"]) == 2
    assert "name a folder" in capsys.readouterr().err


def test_log_reading_is_a_table_of_the_run(tmp_path: Path) -> None:
    dataset = sample_dataset()
    noted = replace(dataset, notes=(Note("a.csv", "links", "dropped", 2, "line 3"),))
    mlflow.set_tracking_uri(write_empty_store(tmp_path))
    experiment = mlflow.create_experiment("reading", artifact_location=(tmp_path / "artifacts").as_uri())
    with mlflow.start_run(experiment_id=experiment) as run:
        log_reading(noted)
    table = mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/{READING}")
    assert table["columns"] == ["source", "what", "action", "count", "example"]
    assert table["data"] == [["a.csv", "links", "dropped", 2, "line 3"]]


def test_note_of_a_run_repeats_what_the_settings_said_and_the_users_evaluated(
    tmp_path: Path, rows: list[tuple[int, int, float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = write_empty_store(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    place = str(write_folder(tmp_path / "data", text_of([*rows, (9, 99, 8, 1)], HEADER)))
    settings = {"RECSYS_DATA__SCALE": "1-10", "RECSYS_DATA__UNKNOWN_MOVIES": "drop"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    flags = ["--method", "popularity", "--holdout-ratio", "0.4", "--eval-users", "3", "--data-dir", place]
    assert main(["train", *flags]) == 0
    first = newest_run(uri)
    for name in settings:
        monkeypatch.delenv(name)
    line = next(line for line in first.data.tags["mlflow.note.content"].splitlines() if "mlflow run" in line)
    words = shlex.split(line)
    given = [word for flag, word in pairwise(words) if flag == "-P"]
    assert {"scale=1-10", "unknown_movies=drop", "eval_users=3"} <= set(given)
    assert not any(word.startswith("duplicates=") for word in given)
    assert main(["train", *(f"--{word}" for word in given)]) == 0
    again = newest_run(uri)
    assert again.info.run_id != first.info.run_id
    assert again.data.params == first.data.params
    assert again.data.metrics["ndcg_at_10"] == first.data.metrics["ndcg_at_10"]


def newest_run(uri: str) -> Run:
    client = MlflowClient(uri)
    (experiment,) = client.search_experiments(filter_string="name = 'movie-recommender'")
    return client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"])[0]
