"""Each benchmark starts in what `make up` installs, or says in one sentence what to type."""

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import lock

from benchmarks.__main__ import BENCHMARKS

ROOT = Path(__file__).parents[2]

START_ALL = """
import contextlib, io, json, sys

blocked = set(json.loads(sys.argv[1]))


class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, NotInstalled())
from benchmarks.__main__ import BENCHMARKS, main

found = {}
for name in BENCHMARKS:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main([name, "--help"])
        except SystemExit as ended:
            code = ended.code
    found[name] = [code, said.getvalue()]
said = io.StringIO()
with contextlib.redirect_stdout(said):
    found["the list"] = [main([]), said.getvalue()]
print(json.dumps(found))
"""


def of_development() -> list[str]:
    """Return the modules that only the lock for development installs."""
    pins, more = lock.pins(ROOT / "requirements.lock"), lock.pins(ROOT / "requirements-dev.lock")
    extra = set(more) - set(pins)
    found = packages_distributions()
    return [name for name, owners in found.items() if {owner.lower().replace("_", "-") for owner in owners} <= extra]


def test_every_benchmark_starts_in_what_make_up_installs_or_says_what_to_type() -> None:
    blocked = of_development()
    assert {"pytest", "httpx2"} <= set(blocked)
    done = subprocess.run(
        [sys.executable, "-c", START_ALL, json.dumps(blocked)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {*BENCHMARKS, "the list"}
    for name, (code, said) in found.items():
        if code == 0:
            assert "usage: " in said or name == "the list", said
        else:
            assert said.startswith(f"error: {name} needs ")
            assert said.endswith("; type: make dev\n")
            assert said.count("\n") == 1
    for name in BENCHMARKS:
        assert f"\n  {name} " in found["the list"][1]
