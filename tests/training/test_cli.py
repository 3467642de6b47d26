"""The command line: help, suggestions, exit codes."""

from pathlib import Path

import pytest

from recsys.data import Dataset, csv_family
from training.cli import COMMANDS, main


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {command} " in shown for command in COMMANDS)


def test_no_command_shows_the_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().out


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_of_every_command_explains_its_flags(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"python -m training {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["trian"], "there is no command 'trian'; did you mean 'train'?"),
        (["train", "--method", "item-kn"], "no method is called 'item-kn'; did you mean 'item-knn'?"),
        (["train", "--method", "item-knn", "--params", "n_neighbour=3"], "did you mean 'n_neighbors'?"),
        (["train", "--method", "item-knn", "--params", "n_neighbors"], "'n_neighbors' in --params is not NAME=VALUE"),
        (["train", "--method", "item-knn", "--params", "n_neighbors=0"], "should be greater than or equal to 1"),
        (["train", "--holdout-ratio", "2"], "--holdout-ratio=2.0 should be less than 1"),
        (["train", "--split", "random2"], "--split random2: use random or hash or temporal"),
        (["train", "--seed", "-1"], "--seed=-1 should be greater than or equal to 0"),
        (["train", "--method", "als"], "no method is called 'als'; known are content-cosine, "),
        (["sweep", "--method", "popularity"], "method popularity has no search space; choose among content-cosine, "),
        (["recommend", "--history", "x", "--out", "y.csv", "--n", "0"], "ask for at least 1 movie"),
    ],
)
def test_main_wrong_call_is_one_clear_sentence(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1


def test_main_unknown_flag_suggests_the_right_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", "--methd", "item-knn"])
    assert ended.value.code == 2
    assert "there is no argument --methd; did you mean '--method'?" in capsys.readouterr().err


def test_main_missing_data_folder_fails_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data-dir", "nowhere"]) == 1
    assert "nowhere: there is no such folder" in capsys.readouterr().err


def test_main_unknown_setting_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RECSYS_MODEL__ALIS", "x")
    assert main(["train"]) == 2
    assert "did you mean 'RECSYS_MODEL__ALIAS'?" in capsys.readouterr().err


def test_main_tracking_server_that_is_down_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    csv_family.write(tiny, tmp_path / "ml-tiny")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    assert main(["train", "--data-dir", "ml-tiny", "--method", "item-knn"]) == 1
    *steps, line = capsys.readouterr().err.splitlines()
    assert all("error" not in step for step in steps)
    assert line.startswith(
        "error: cannot access the registered model movie-recommender in the registry at http://127.0.0.1:9: "
    )
    assert "check MLFLOW_TRACKING_URI" in line
