"""A registry in a folder, with one freshly trained version."""

import subprocess
import sys
from pathlib import Path

from benchmarks.serving.processes import environment

MODEL_URI = "models:/movie-recommender/1"


def tracking_uri(home: Path) -> str:
    return f"sqlite:///{home}/mlflow.db"


def train(home: Path, data_dir: Path, *flags: str) -> None:
    """Train the default method as anyone would; the first version becomes Production, another one Challenger."""
    variables = {"MLFLOW_TRACKING_URI": tracking_uri(home), "RECSYS_DATA__DIR": str(data_dir)}
    command = [sys.executable, "-m", "training", "train", *flags]
    done = subprocess.run(
        command, cwd=home, env=environment(variables), capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode:
        raise RuntimeError(f"training failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
