"""The address of MLflow: what people write that cannot work, and what must not be shown of it.

Nothing here imports MLflow, so that a mistake is told at once, before anything is fitted or served.
"""

import re
from importlib.util import find_spec
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit, urlunsplit

SQLITE = "sqlite:///mlflow.db"
"""The store that needs no server: a database in the working folder."""

GOOD = f"{SQLITE} or http://HOST:PORT"

DRIVERS = {
    "postgresql": "psycopg",
    "postgresql+psycopg": "psycopg",
    "postgresql+psycopg2": "psycopg2",
    "mysql": "MySQLdb",
    "mysql+mysqldb": "MySQLdb",
    "mysql+pymysql": "pymysql",
    "mysql+mysqlconnector": "mysql",
    "mssql": "pyodbc",
    "mssql+pyodbc": "pyodbc",
    "mssql+pymssql": "pymssql",
}
"""The module that SQLAlchemy 2.1 imports for each kind of database."""

DATABASES = ("postgresql", "mysql", "mssql", "sqlite")
UNCHECKED = ("databricks",)
"""MLflow resolves these by its own configuration files."""

# A password may hold "@" and "/" that should have been quoted, so everything up to the last "@" goes. A host with a
# port is no user with a password.
_USERINFO = re.compile(r"(?<=://)(?:[^\s/?#'\"<>]*@|[^\s/:?#@'\"<>]+:(?!\d+(?:[/?#\s]|$))[^\s'\"<>]*@)")


def without_userinfo(text: str) -> str:
    """Return a text without user names and passwords in the addresses that it holds."""
    return _USERINFO.sub("", text) if "://" in text and "@" in text else text


def split_userinfo(address: str) -> tuple[str, str | None, str | None]:
    """Return a web address without its userinfo, and the user and the password, None where there is none."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return address, None, None
    userinfo, _, host = parts.netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    return urlunsplit(parts._replace(netloc=host)), unquote(user), unquote(password)


def address_problem(address: str) -> str:
    """Return what is wrong with an address of MLflow and what to write instead; empty when nothing is."""
    shown = without_userinfo(address)
    if re.search(r"[\s'\"]", address):
        return f"{shown!r} holds blanks or quotation marks; leave them out"
    if address != shown and re.search(r"[/?#]", _USERINFO.findall(address)[0]):
        return f"the password of {shown!r} holds '/', '?' or '#'; write %2F, %3F or %23 instead"
    scheme, colon, rest = address.partition(":")
    if not colon or "/" in scheme or len(scheme) < 2:
        return _problem_of_path(shown)
    kind = scheme.lower().partition("+")[0]
    if kind in ("http", "https"):
        return _problem_of_web_address(address, shown)
    if kind in DATABASES:
        return _problem_of_database(scheme.lower(), rest, shown)
    return _problem_of_scheme(kind, rest, shown)


def _problem_of_scheme(kind: str, rest: str, shown: str) -> str:
    if kind in UNCHECKED:
        return ""
    if kind == "file":
        return _problem_of_path(shown)
    if kind == "postgres":
        return f"{shown!r} is an old way to name PostgreSQL; write postgresql+psycopg2://..."
    if re.match(r"\d+(/|$)", rest):
        return f"{shown!r} names no protocol; write http://{shown}"
    return f"{shown!r} is not an address that MLflow reads ({kind} is unknown to it); write {GOOD}"


def _problem_of_path(shown: str) -> str:
    if shown in UNCHECKED:
        return ""
    if re.match(r"https?/", shown):
        return f"{shown!r} lacks the colon; write http://HOST:PORT"
    if PurePosixPath(shown).suffix in (".db", ".sqlite", ".sqlite3"):
        return f"{shown!r} is a path; write sqlite:///{shown.removeprefix('file:').removeprefix('//')}"
    return (
        f"{shown!r} is a path, and MLflow no longer keeps runs in folders; write {GOOD} "
        "(`mlflow migrate-filestore` takes the runs of a folder into a database)"
    )


def _problem_of_web_address(address: str, shown: str) -> str:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:  # which quotes what may be a part of a password
        return f"{shown!r} is not an address; write http://HOST:PORT, the port from 1 to 65535"
    return "" if host else f"{shown!r} names no host; write http://HOST:PORT"


def _problem_of_database(scheme: str, rest: str, shown: str) -> str:
    if find_spec("sqlalchemy") is None:
        return f"{shown!r} is a database, and this installation reaches MLflow only through a server: http://HOST:PORT"
    if scheme == "sqlite":
        return _problem_of_sqlite(rest, shown)
    if rest.count("@") > 1:
        return f"the password of {shown!r} holds '@'; write %40 instead"
    if not re.match(r"//.*/[^/]+$", rest):
        return f"{shown!r} is incomplete; write postgresql+psycopg2://USER:PASSWORD@HOST/DATABASE or the like"
    return _problem_of_driver(scheme, shown)


def _problem_of_driver(scheme: str, shown: str) -> str:
    driver = DRIVERS.get(scheme, scheme.partition("+")[2])
    if not driver or find_spec(driver) is not None:
        return ""
    same_kind = [name for name in DRIVERS if name.startswith(f"{scheme.partition('+')[0]}+")]
    installed = [name for name in same_kind if find_spec(DRIVERS[name])]
    instead = f"write {installed[0]}://..." if installed else "install it, or name MLflow's server instead"
    return f"{shown!r} needs the Python module {driver}, which is not installed; {instead}"


def _problem_of_sqlite(rest: str, shown: str) -> str:
    if not rest.startswith("//"):
        return f"{shown!r} is incomplete; write sqlite:///{rest.lstrip('/') or 'mlflow.db'}"
    host, _, path = rest[2:].partition("/")
    if host:
        return f"{shown!r} has two slashes; write sqlite:///{host}{'/' + path if path else ''}"
    if not path or path.startswith((":memory:", "?")):
        return f"{shown!r} is a database in memory, which is gone with the process; write {SQLITE}"
    return ""
