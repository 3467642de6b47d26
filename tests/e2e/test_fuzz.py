"""Requests that schemathesis makes up from the service's own schema: every answer has to be one that it documents."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from service_process import TOKEN, Service

from recsys.registry import Registry

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
FULL_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "800"))
"""Of each operation and kind; with those of the other phases they are more than 10,000 cases."""


@pytest.fixture(scope="module")
def service(start_service: Any, registry: Registry) -> Service:
    registry.set_alias("Fuzzed", 1)
    started: Service = start_service(
        "Fuzzed", RECSYS_API__WORKERS="2", RECSYS_MODEL__POLL_SECONDS="5", RECSYS_LOGGING__LEVEL="WARNING"
    )
    started.wait_for_version("1")
    started.wait_until(lambda: started.ask("/versions", None, Authorization=f"Bearer {TOKEN}").json["versions"] != [])
    return started


def fuzz(service: Service, folder: Path, phases: str, n_examples: int) -> int:
    """Let schemathesis ask, and return how many cases it had."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
    command += [f"http://127.0.0.1:{service.port}/openapi.json", "--phases", phases, "--max-examples", str(n_examples)]
    command += ["--header", f"Authorization: Bearer {TOKEN}", "--request-timeout", "60", "--no-color"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert service.ask("/health/live").status == 200
    counted = re.search(r"([\d,]+) generated", done.stdout)
    assert counted, done.stdout
    return int(counted[1].replace(",", ""))


@pytest.mark.slow
def test_examples_and_some_made_up_requests_get_documented_answers(service: Service, tmp_path: Path) -> None:
    assert fuzz(service, tmp_path, "examples,fuzzing", 5) > 50


@pytest.mark.fuzz
def test_ten_thousand_made_up_requests_get_documented_answers(service: Service, tmp_path: Path) -> None:
    assert fuzz(service, tmp_path, "examples,coverage,fuzzing,stateful", FULL_EXAMPLES) >= 10_000
