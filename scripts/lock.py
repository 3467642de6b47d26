"""Pin the dependencies of pyproject.toml: requirements*.lock with hashes and without addresses, and conda.yaml.

The environments of the libraries that benchmarks compare with are pinned the same way, each by itself:
benchmarks/requirements-*.txt says what is wanted, the lock beside it what is installed.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMPILE = [
    *("uv", "pip", "compile", "--quiet", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
]
EVERYWHERE = "--universal"
AS_MEASURED = ("--python-platform", "x86_64-unknown-linux-gnu")
"""Of the peers only: one of them has no versions that get along on every Python that the product runs on."""
EXTRAS = ("dev",)
ALONE = ("spark",)
"""Extras with a lock of what they add: too large to be installed with everything else."""
WITHIN = ("-c", "requirements.lock")
CONDA = """\
name: movie-recsys
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
{pins}
"""


def main() -> None:
    """Write the lock files, each within the pins of requirements.lock, and conda.yaml from them."""
    arguments = sys.argv[1:]
    compile_lock([*arguments, "pyproject.toml", "-o", "requirements.lock"])
    for extra in EXTRAS:
        chosen = ["pyproject.toml", "--extra", extra, "-o", f"requirements-{extra}.lock"]
        compile_lock([*arguments, *WITHIN, *chosen])
    for extra in ALONE:
        compile_alone(extra, arguments)
    content = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for group in content["dependency-groups"]:
        compile_group(group, content["tool"]["movie-recsys"]["excludes"].get(group, []), arguments)
    for wanted in sorted((ROOT / "benchmarks").glob("requirements-*.txt")):
        chosen = [str(wanted.relative_to(ROOT)), "-o", str(wanted.relative_to(ROOT).with_suffix(".lock"))]
        run_resolver([*AS_MEASURED, *arguments, *chosen])
    (ROOT / "conda.yaml").write_text(conda_yaml(), encoding="utf-8")


def compile_alone(extra: str, arguments: list[str]) -> None:
    """Write the lock file of an extra without the dependencies of everything else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    with tempfile.NamedTemporaryFile("w", suffix=".in") as wanted:
        wanted.write("\n".join(project["optional-dependencies"][extra]))
        wanted.flush()
        compile_lock([*arguments, *WITHIN, wanted.name, "-o", f"requirements-{extra}.lock"])


def compile_group(group: str, excludes: list[str], arguments: list[str]) -> None:
    """Write the lock file of one image: its group of packages, without those that are excluded."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(excludes))
        listed.flush()
        chosen = ["--group", group, "--excludes", listed.name, "-o", f"requirements-{group}.lock"]
        compile_lock([*arguments, *WITHIN, *chosen])


def compile_lock(arguments: list[str]) -> None:
    """Write a lock for every system and Python that the product runs on."""
    run_resolver([EVERYWHERE, *arguments])


def run_resolver(arguments: list[str]) -> None:
    """Run uv's resolver."""
    subprocess.run([*COMPILE, *arguments], cwd=ROOT, check=True)


def conda_yaml() -> str:
    """Return conda.yaml: the direct dependencies, as the lock pins them for Python 3.11."""
    pinned = pins(ROOT / "requirements.lock")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[<>=!~;]", wanted)[0].strip() for wanted in project["dependencies"]]
    return CONDA.format(pins="\n".join(f"      - {name}=={pinned[name.split('[')[0]]}" for name in names))


def pins(lock: Path) -> dict[str, str]:
    """Return the version of each package in a lock file; of several, the one for Python 3.11."""
    pinned: dict[str, str] = {}
    for match in re.finditer(r"^([a-z0-9.-]+)==([^ ;\\]+)(?: ; (.*))?", lock.read_text(encoding="utf-8"), re.MULTILINE):
        name, number, condition = match.groups()
        if "python_full_version >= '3.12'" not in (condition or ""):
            pinned[name] = number
    return pinned


if __name__ == "__main__":
    main()
