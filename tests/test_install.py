"""The install line gives the lock and nothing else, on a day on which newer versions of everything are published."""

import hashlib
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import install
import pip
import pytest

ROOT = Path(install.__file__).parent.parent
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))
LATER = "9.9"
"""Published after the lock was made."""


def wheel(folder: Path, name: str, version: str, metadata: str = "") -> Path:
    """Write a wheel with one module that is empty."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Return a folder of wheels: what the lock pins, and newer versions of all of it."""
    folder = tmp_path / "index"
    folder.mkdir()
    for version in ("1.0", LATER):
        wheel(folder, "meter", version, "Provides-Extra: toml\nRequires-Dist: reader; extra == 'toml'\n")
        wheel(folder, "plugin", version, "Requires-Dist: meter[toml]>=1\n")
        wheel(folder, "reader", version)
    return folder


@pytest.fixture
def lock(index: Path, tmp_path: Path) -> Path:
    path = tmp_path / "some.lock"
    lines = []
    for name in ("meter", "plugin", "reader"):
        digest = hashlib.sha256((index / f"{name}-1.0-py3-none-any.whl").read_bytes()).hexdigest()
        lines.append(f"{name}==1.0 \\\n    --hash=sha256:{digest}\n")
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Return the Python of a new and empty environment."""
    venv.create(tmp_path / "environment", with_pip=False)
    return tmp_path / "environment" / "bin" / "python"


def run(index: Path, *command: object) -> subprocess.CompletedProcess[str]:
    """Run a command that knows no other index than the folder, and that only by pip's own settings.

    Its pip is that of this environment: to install one into each new environment would take seconds.
    """
    pips = index.parent / "pips"
    pips.mkdir(exist_ok=True)
    if not (pips / "pip").exists():
        (pips / "pip").symlink_to(Path(pip.__file__).parent)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    settings = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
        "PYTHONPATH": str(pips),
    }
    return subprocess.run(
        list(map(str, command)),
        env={**kept, **settings, "PYTHONPATH": str(pips)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def freeze(python: Path, index: Path) -> list[str]:
    return run(index, python, "-m", "pip", "freeze", "--disable-pip-version-check").stdout.split()


def test_install_gives_exactly_the_lock_though_newer_versions_are_published(
    python: Path, index: Path, lock: Path
) -> None:
    done = run(index, python, install.__file__, lock)
    assert done.returncode == 0, done.stderr
    assert freeze(python, index) == ["meter==1.0", "plugin==1.0", "reader==1.0"]
    assert "Installing some.lock into environment" in done.stdout
    assert "Installed some.lock" in done.stdout


def test_install_that_resolves_fails_as_soon_as_what_an_extra_names_is_published_anew(
    python: Path, index: Path, lock: Path
) -> None:
    """The line that this project used to install with. It shows that the test above can fail."""
    done = run(index, python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock)
    assert done.returncode != 0
    assert "must have their versions pinned" in done.stderr
    assert freeze(python, index) == []


def test_install_of_a_changed_wheel_fails_with_what_pip_says(python: Path, index: Path, lock: Path) -> None:
    wheel(index, "reader", "1.0", "Summary: changed after the lock was made\n")
    done = run(index, python, install.__file__, lock)
    assert done.returncode == 1
    assert "some.lock could not be installed" in done.stderr
    assert "DO NOT MATCH THE HASHES" in done.stderr


def test_install_of_a_lock_that_is_not_complete_fails_and_names_what_is_missing(
    python: Path, index: Path, lock: Path
) -> None:
    lock.write_text("".join(list(install.entries(lock.read_text(encoding="utf-8")))[1:]), encoding="utf-8")
    done = run(index, python, install.__file__, lock)
    assert done.returncode == 1
    assert "plugin 1.0 requires meter, which is not installed" in done.stderr


def test_entries_keep_markers_and_hashes_and_leave_out_comments() -> None:
    text = "# note\na==1 ; os_name == 'nt' \\\n    --hash=sha256:1 \\\n    --hash=sha256:2\nb==2 \\\n    --hash=3\n"
    assert "".join(install.entries(text)) == text.partition("\n")[2]


@pytest.mark.parametrize("name", LOCKS)
def test_entries_of_each_lock_are_all_of_it(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "".join(install.entries(text)) == text


def test_the_environment_of_this_test_holds_what_the_lock_pins() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
