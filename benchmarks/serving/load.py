"""Load by wrk: so many connections that each ask again as soon as they are answered."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("requests.lua")


@dataclass(frozen=True)
class Load:
    """How hard to ask."""

    connections: int
    seconds: float
    cpu: int


@dataclass(frozen=True)
class Run:
    """What one run of wrk has found."""

    requests: int
    seconds: float
    failed: int
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def run_wrk(load: Load, port: int, path: str, bodies: Path | None) -> Run:
    """Return what wrk finds; a request that fails ends the benchmark, as its time would mean nothing."""
    seconds = f"{max(1, round(load.seconds))}s"
    flags = ["--threads", "1", "--connections", str(load.connections), "--duration", seconds, "--timeout", "10s"]
    command = ["taskset", "-c", str(load.cpu), "wrk", *flags, "--script", str(SCRIPT), f"http://127.0.0.1:{port}"]
    command += ["--", path, *([str(bodies)] if bodies else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=load.seconds + 60, check=True)
    run = Run(**json.loads(done.stdout.strip().splitlines()[-1]))
    if run.failed or not run.requests:
        raise RuntimeError(f"{run.failed} of {run.requests} requests to {path} failed:\n{done.stdout}")
    return run
