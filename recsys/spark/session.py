"""A session of Spark, and this package on its workers."""

import os
import re
import socket
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from recsys.errors import ParameterError, SparkError

# It warns of pandas 3, of which nothing is used here.
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)

PACKAGE = Path(__file__).parent.parent
CONNECT_SECONDS = 5.0
MAX_REASON = 300
_MASTER = re.compile(r"local(\[(\*|\d+)(,\s*\d+)?\])?|spark://\S+|yarn|k8s://\S+")
_ONE_THREAD = {
    f"spark.executorEnv.{name}": "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
}
"""Spark runs a task on each core; threads of BLAS beside them would only wait for each other."""
_DEFAULTS = {
    "spark.app.name": "movie-recommender",
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.driver.maxResultSize": "8g",
    **_ONE_THREAD,
}
_ON_ONE_MACHINE = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "4g",
}
"""There the driver's memory is that of all tasks, and 1 GB, Spark's default, holds too few ratings."""


@contextmanager
def spark_session(master: str, conf: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """Yield a session on a master, whose workers can import this package; it is stopped in the end.

    Parameters
    ----------
    master
        ``local[*]``, ``spark://host:7077``, ``yarn``, ``k8s://...``.
    conf
        Properties of Spark that differ from those here.

    Raises
    ------
    ParameterError
        When the master is none.
    SparkError
        When it does not answer, Spark does not start, or gives up.
    """
    check_master(master)
    _check_answers(master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        **_DEFAULTS,
        **(_ON_ONE_MACHINE if master.startswith("local") else {}),
        **(conf or {}),
        "spark.master": master,
    }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate()
    except (PySparkException, Py4JError, RuntimeError, OSError, ValueError) as error:
        raise SparkError(f"Spark does not start on {master}: {reason_of(error)}; {_remedy(error)}") from None
    with closing_session(session), tempfile.TemporaryDirectory(prefix="recsys-spark-") as scratch:
        try:
            session.sparkContext.addPyFile(str(zip_of_package(Path(scratch))))
            yield session
        except (PySparkException, Py4JError) as error:
            raise SparkError(f"Spark gave up: {reason_of(error)}; the logs of its workers tell more") from None


@contextmanager
def closing_session(session: SparkSession) -> Iterator[None]:
    """Stop a session in the end."""
    try:
        yield
    finally:
        session.stop()


def zip_of_package(folder: Path) -> Path:
    """Return a zip of this package, written into a folder, that Python imports from on a worker."""
    archive = folder / "recsys.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for path in sorted(PACKAGE.rglob("*")):
            if path.suffix in (".py", ".csv"):
                written.write(path, Path(PACKAGE.name) / path.relative_to(PACKAGE))
    return archive


def check_master(master: str) -> None:
    """Raise a `ParameterError` for what is no master of Spark."""
    if _MASTER.fullmatch(master) is None:
        raise ParameterError(
            f"--spark-master {master!r} is no master of Spark; write local[*], spark://host:7077, yarn or k8s://..."
        )


def _check_answers(master: str) -> None:
    if master.startswith("spark://"):
        addresses = master.removeprefix("spark://").split(",")
        if not any(map(_answers, addresses)):
            raise SparkError(f"no Spark master answers at {master}; start it, or correct the address")


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with closing(socket.create_connection((host, int(port)), CONNECT_SECONDS)):
            return True
    except (OSError, ValueError, OverflowError):
        return False


def reason_of(error: BaseException) -> str:
    """Return what happened in one line: of the traceback of a worker its last line."""
    text = str(error).strip()
    raised = re.findall(r"^(?:\w+\.)*\w+(?:Error|Exception): .*$", text, re.MULTILINE)
    of_python = [line for line in raised if not line.startswith(("py4j.", "org.apache.", "java."))]
    line = (of_python or [text.partition("\n")[0]])[-1]
    return line[:MAX_REASON] or type(error).__name__


def _remedy(error: BaseException) -> str:
    return "install Java 17 or 21" if "JAVA" in str(error).upper() else "see what it said above"
