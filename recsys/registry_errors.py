"""What goes wrong between us and MLflow, as one sentence: what failed, what MLflow says, what to do.

MLflow is not imported here: its errors are told by their ``error_code``, and the remedy follows from that.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.errors import ArtifactError, NotRegisteredError, RecsysError, RegistryError
from recsys.tracking_address import DATABASES

NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"
REFUSED = {"INVALID_PARAMETER_VALUE", "INVALID_STATE", "BAD_REQUEST", "RESOURCE_ALREADY_EXISTS", "RESOURCE_CONFLICT"}
"""MLflow has understood the request and does not want it: its own sentence tells why, and the server runs."""

NO_ENTRY = {"UNAUTHENTICATED", "PERMISSION_DENIED"}
LIBRARIES = {"mlflow", "requests", "urllib3", "sqlalchemy", "botocore", "boto3", "azure", "google"}
"""Errors of these come from servers, stores and drivers; all others but `OSError` are faults of this product."""

CREDENTIALS = "check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
ANOTHER_FILE = "name a database that can be written in MLFLOW_TRACKING_URI"
NO_MLFLOW = "check that MLFLOW_TRACKING_URI is the address of an MLflow server"
REMEDIES = {
    os.strerror(errno.ENOSPC): "make room on the disk",
    "deleted experiment": "restore it (mlflow experiments restore), or choose another by MLFLOW_EXPERIMENT_NAME",
    "mlflow db upgrade": "",  # MLflow's sentence holds the remedy
    "Invalid Host header": "name this host in the server's MLFLOW_SERVER_ALLOWED_HOSTS",
    "error code 401": CREDENTIALS,
    "error code 403": CREDENTIALS,
    "error code 404": NO_MLFLOW,
    "Response body": NO_MLFLOW,
    "file is not a database": ANOTHER_FILE,
    "unable to open database file": ANOTHER_FILE,
    "readonly database": ANOTHER_FILE,
}
"""What to do, by words of the error; the first that is found counts."""

CONNECT_SECONDS = 10

LONGEST_GIST = 400
"""Characters of what MLflow says that are shown."""


@contextmanager
def registry_errors(what: str, address: str) -> Iterator[None]:
    """Turn every failure to access ``what`` at an address of MLflow into one `RegistryError`."""
    try:
        yield
    except RecsysError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in LIBRARIES:
            raise
        kind = NotRegisteredError if getattr(error, "error_code", "") == NOT_FOUND else RegistryError
        raise kind(_sentence(error, what, address)) from error


@contextmanager
def sensible(what: str) -> Iterator[None]:
    """Tell in a sentence of an answer that MLflow itself takes, and that no registry gives."""
    try:
        yield
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise RegistryError(
            f"what the registry answers about {what} makes no sense ({str(error)[:200]}); check MLFLOW_TRACKING_URI"
        ) from None


@contextmanager
def sensible_files(model_uri: str) -> Iterator[None]:
    """Tell in a sentence of a list of files that no artifact store gives; failed connections are told of elsewhere."""
    try:
        yield
    except (TypeError, ValueError, OverflowError, AttributeError, LookupError) as error:
        raise ArtifactError(
            f"what the artifact store answers about {model_uri} makes no sense ({str(error)[:200]}); "
            "check what answers there"
        ) from None


def check_database(address: str) -> None:
    """Let a database answer once, where the address is one; MLflow itself would try again for an hour.

    Raises
    ------
    Exception
        What the driver raises.
    """
    if address.partition(":")[0].partition("+")[0] not in DATABASES:
        return
    import sqlalchemy  # noqa: PLC0415  the service reaches MLflow through its server, and has no SQLAlchemy

    url = sqlalchemy.make_url(address)
    if url.get_backend_name() == "sqlite":
        if not Path(str(url.database)).exists():
            return  # MLflow makes it
        options: dict[str, int] = {}
    else:
        options = {} if url.get_backend_name() == "mssql" else {"connect_timeout": CONNECT_SECONDS}
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool, connect_args=options)
    sqlalchemy.inspect(engine).get_table_names()


def _sentence(error: Exception, what: str, address: str) -> str:
    gist = _gist(error)
    if getattr(error, "error_code", "") == NOT_FOUND:
        return f"the registry does not hold {what}: {gist}"
    remedy = _remedy(error)
    return f"cannot access {what} in the registry at {address}: {gist}{'; ' if remedy else ''}{remedy}"


def _gist(error: Exception) -> str:
    """Return the first line of what MLflow says, and the first cause where that line only announces causes.

    Of a connection that failed, only why: urllib3 tells each layer that it went through.
    """
    unreachable = re.search(
        r"Max retries exceeded.*?(\[Errno -?\d+\] [^\"')]+|[Rr]ead timed out|Connect timeout)", str(error)
    )
    if unreachable:
        return f"no connection ({unreachable[1]})"
    first, *rest = str(error).strip().splitlines() or [type(error).__name__]
    causes = [line for line in rest if not line.startswith("#")]
    gist = f"{first} {causes[0]}" if first.endswith(":") and causes else first
    # MLflow repeats whatever it was answered, and that may be the page of another server.
    return (gist if len(gist) <= LONGEST_GIST else f"{gist[:LONGEST_GIST]} [...]").rstrip(".;")


def _remedy(error: Exception) -> str:
    code, text = getattr(error, "error_code", ""), str(error)
    for words, remedy in REMEDIES.items():
        if words in text:
            return remedy
    if code in NO_ENTRY:
        return CREDENTIALS
    return "" if code in REFUSED else "check MLFLOW_TRACKING_URI and that the server runs"
