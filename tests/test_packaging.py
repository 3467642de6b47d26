"""One place for dependencies: what is pinned elsewhere agrees with pyproject.toml and the lock."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import install
import lock
import pytest
import yaml
from packaging.requirements import Requirement

from recsys import pyfunc
from recsys.methods import method_names
from recsys.settings import Settings
from training.cli import COMMANDS, Parser
from training.commands.shared_flags import DEFAULT_METHOD

ROOT = Path(__file__).parent.parent

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = lock.pins(ROOT / "requirements.lock")
LOCKS = sorted(ROOT.glob("requirements*.lock"))
PEERS = sorted((ROOT / "benchmarks").glob("requirements-*.txt"))


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    for line in PROJECT["dependencies"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(PINS[wanted.name]), line


def test_conda_yaml_is_what_the_lock_says() -> None:
    assert (ROOT / "conda.yaml").read_text(encoding="utf-8") == lock.conda_yaml()


def test_conda_yaml_is_plain() -> None:
    environment = yaml.safe_load((ROOT / "conda.yaml").read_text(encoding="utf-8"))
    *conda, pip = environment["dependencies"]
    assert conda == ["python=3.11", "pip"]
    assert all(re.fullmatch(r"[a-z0-9-]+(\[[a-z]+\])?==[\w.]+", line) for line in pip["pip"])


def test_model_requirements_are_pinned_as_in_the_lock() -> None:
    for line in pyfunc.requirements():
        name, pinned = line.split("==")
        assert PINS[name] == pinned


@pytest.mark.parametrize("path", [*LOCKS, *(path.with_suffix(".lock") for path in PEERS)], ids=lambda path: path.name)
def test_locks_hold_hashes_and_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    entries = list(install.entries(text))
    assert len(entries) >= len(lock.pins(path)) > 0
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("wanted", PEERS, ids=lambda path: path.name)
def test_lock_of_peers_pins_what_is_wanted(wanted: Path) -> None:
    pinned = lock.pins(wanted.with_suffix(".lock"))
    lines = [line for line in wanted.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines
    for name, _, number in (line.partition(" ;")[0].partition("==") for line in lines):
        assert pinned[name.lower().replace("_", "-")] == number


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_locks_agree(path: Path) -> None:
    shared = {name: pinned for name, pinned in lock.pins(path).items() if name in PINS}
    assert shared == {name: PINS[name] for name in shared}


def entry_points() -> dict[str, dict[str, object]]:
    return dict(yaml.safe_load((ROOT / "MLproject").read_text(encoding="utf-8"))["entry_points"])


@pytest.mark.parametrize("name", sorted(entry_points()))
def test_mlproject_parameters_are_the_flags_of_the_command(name: str) -> None:
    entry = entry_points()[name]
    command = str(entry["command"])
    subcommand = command.split()[3]
    assert subcommand == ("train" if name == "main" else name)
    assert subcommand in COMMANDS
    for parameter in entry.get("parameters", {}):  # type: ignore[attr-defined]
        flag = f"--{parameter.replace('_', '-')}"
        if f"{flag} {{{parameter}}}" in command:
            assert flag in flags_of(subcommand)
        else:  # what the command takes without a flag, in its place
            assert command.split().index(f"{{{parameter}}}") >= 4
            assert parameter in help_of(subcommand)


def help_of(command: str) -> str:
    parser = Parser(prog=command)
    import_module(f"training.commands.{command}").add_arguments(parser, Settings())
    return parser.format_help().lower()


def flags_of(command: str) -> set[str]:
    return set(re.findall(r"--[a-z-]+", help_of(command)))


def test_mlproject_default_method_is_the_default_of_train() -> None:
    assert DEFAULT_METHOD in method_names()
    for name in ("main", "evaluate"):
        assert entry_points()[name]["parameters"]["method"]["default"] == DEFAULT_METHOD  # type: ignore[index]


def test_mlproject_leaves_the_split_of_main_to_the_engine() -> None:
    assert "split" not in entry_points()["main"]["parameters"]  # type: ignore[operator]


def test_map_of_the_code_names_files_that_exist() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `([^`]+)` \| `([^`]+)` \|$", page, re.MULTILINE)
    assert len(rows) >= 10
    assert [path for row in rows for path in row if not (ROOT / path).exists()] == []
