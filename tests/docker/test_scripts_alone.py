"""What the scripts say without an engine."""

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


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("script", sorted(DOCKER.glob("*.sh")), ids=lambda path: path.name)
def test_script_is_clean_under_shellcheck(script: Path) -> None:
    done = run(Path("/usr/bin/env"), "shellcheck", str(script))
    assert done.stdout == ""
