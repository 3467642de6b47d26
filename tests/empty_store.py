"""MLflow's SQLite database without content, written instead of made: its 50 migrations take seconds each time."""

import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from mlflow import MlflowClient


def write_empty_store(folder: Path) -> str:
    """Write ``mlflow.db`` into a folder and return its address."""
    (folder / "mlflow.db").write_bytes(_content())
    return f"sqlite:///{folder}/mlflow.db"


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        MlflowClient(tracking_uri=f"sqlite:///{scratch}/mlflow.db").search_experiments()
        with closing(sqlite3.connect(f"{scratch}/mlflow.db")) as database:
            # Whoever opens the store first makes its default experiment, whose artifacts go to his working folder.
            database.execute("DELETE FROM experiments")
            database.commit()
            return database.serialize()
