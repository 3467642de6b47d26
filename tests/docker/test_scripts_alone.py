"""What the scripts say without an engine."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[2] / "docker"
SCRIPTS = sorted(path for path in DOCKER.glob("*.sh") if path.name != "install.sh")

TAKE_A_FOLDER = {"backup.sh", "restore.sh"}


def run(script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([script, *arguments], capture_output=True, text=True, check=False, timeout=600)


def test_scripts_are_those_that_the_documentation_names() -> None:
    assert [path.name for path in SCRIPTS] == [
        *("backup.sh", "build.sh", "init-env.sh", "restore.sh", "start-dev.sh", "stop.sh", "train.sh")
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_help_tells_how_it_is_called(script: Path) -> None:
    done = run(script, "--help")
    assert done.returncode == 0
    assert f"docker/{script.name}" in done.stdout
    assert "#" not in done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_unknown_argument_is_refused(script: Path) -> None:
    done = run(script, "--bogus" if script.name in TAKE_A_FOLDER else "bogus")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(("error: there is no ", "error: name the folder "))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_is_strict(script: Path) -> None:
    assert "\nset -euo pipefail\n" in script.read_text()


@pytest.mark.parametrize(
    ("line", "others", "expected"),
    [
        ("", (), "docker-compose.yml"),
        ("", ("docker-compose.override.yml",), "docker-compose.yml:docker-compose.override.yml"),
        ("COMPOSE_FILE=docker-compose.yml:mine.yml", ("docker-compose.override.yml",), "docker-compose.yml:mine.yml"),
    ],
)
def test_script_train_dev_lays_its_file_over_those_that_compose_takes(
    tmp_path: Path, line: str, others: tuple[str, ...], expected: str
) -> None:
    shutil.copytree(DOCKER, tmp_path / "docker")
    shutil.copy(DOCKER.parent / ".env.example", tmp_path)
    for name in others:
        (tmp_path / name).touch()
    run(tmp_path / "docker" / "init-env.sh")
    with (tmp_path / ".env").open("a") as env:
        env.write(f"{line}\n")
    (tmp_path / "bin").mkdir()
    engine = tmp_path / "bin" / "docker"
    engine.write_text('#!/bin/sh\necho "$COMPOSE_FILE" "$@"\n')
    engine.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "docker" / "train.sh", "dev", "--method", "ease"],
        env={"PATH": f"{engine.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    trains = "compose run --rm --build training python -m training train --method ease"
    assert f"{expected}:docker/docker-compose.dev.yml {trains}" in done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", sorted(DOCKER.glob("*.sh")), ids=lambda path: path.name)
def test_script_is_clean_under_shellcheck(script: Path) -> None:
    done = run(Path("/usr/bin/env"), "shellcheck", str(script))
    assert done.stdout == ""
