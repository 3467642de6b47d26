"""What the numbers were measured on."""

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def machine() -> str:
    """Return processor, cores, Python, and how busy the machine is."""
    cpus = os.cpu_count()
    busy = os.getloadavg()[0]
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "fastapi", "uvicorn", "mlflow"))
    return (
        f"{_processor()}, {cpus} cores (load {busy:.1f} at the start); Python {platform.python_version()}, {libraries}"
    )


def pin_threads() -> None:
    """Let linear algebra have one thread, as the service's workers have: this process starts again if it is not so."""
    if any(os.environ.get(name) != "1" for name in THREADS):
        os.execve(
            sys.executable,
            [sys.executable, "-m", "benchmarks", *sys.argv[1:]],
            os.environ | dict.fromkeys(THREADS, "1"),
        )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
