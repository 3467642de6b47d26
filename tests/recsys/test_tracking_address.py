"""Addresses of MLflow as people write them, and what is shown of those that hold a password."""

import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st

from recsys.tracking_address import DRIVERS, address_problem, split_userinfo, without_userinfo


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ("./mlruns", "sqlite:///mlflow.db"),
        ("mlruns", "migrate-filestore"),
        ("file:./mlruns", "sqlite:///mlflow.db"),
        ("file:///srv/mlruns", "sqlite:///mlflow.db"),
        ("C:\\mlruns", "sqlite:///mlflow.db"),
        ("/srv/mlflow.db", "write sqlite:////srv/mlflow.db"),
        ("mlflow.db", "write sqlite:///mlflow.db"),
        ("localhost:5000", "write http://localhost:5000"),
        ("mlflow.example.org:80/base", "write http://mlflow.example.org:80/base"),
        ("https//localhost", "lacks the colon"),
        ("http:localhost:5000", "names no host"),
        ("http://", "names no host"),
        ("http://[::1", "is not an address"),
        ("http://127.0.0.1:99999", "port from 1 to 65535"),
        ("http://127.0.0.1:five", "port from 1 to 65535"),
        ('"http://127.0.0.1:5000"', "leave them out"),
        ("http://127.0.0.1:5000 # the server", "leave them out"),
        ("ftp://host/x", "ftp is unknown"),
        ("s3://bucket/x", "s3 is unknown"),
        ("uc:catalog", "uc is unknown"),
        ("sqlite:mlflow.db", "write sqlite:///mlflow.db"),
        ("sqlite:/mlflow.db", "write sqlite:///mlflow.db"),
        ("sqlite://mlflow.db", "write sqlite:///mlflow.db"),
        ("sqlite://", "in memory"),
        ("sqlite:///", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("postgres://u:p@h/d", "write postgresql+psycopg2://"),
        ("postgresql+psycopg2://h", "is incomplete"),
        ("postgresql+psycopg2://u:p@ss@h/d", "write %40"),
        ("postgresql+psycopg2://u:p/ss@h/d", "write %2F"),
        ("postgresql+nodriver://h/d", "module nodriver"),
        ("http://u:pa/ss@h:5000", "write %2F"),
    ],
)
def test_address_that_cannot_work_is_told_with_the_way_out(address: str, remedy: str) -> None:
    problem = address_problem(address)
    assert remedy in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:///mlflow.db",
        "sqlite:////srv/mlflow.db",
        "http://127.0.0.1:5000",
        "HTTPS://mlflow.example.org/base/",
        "http://user:p%40ss@[::1]:5000",
        "postgresql+psycopg2://u:p%2Fss@h:5432/d",
        "postgresql+psycopg2:///d?host=/var/run",
        "databricks",
        "databricks://profile",
    ],
)
def test_address_that_may_work_is_left_to_mlflow(address: str) -> None:
    assert address_problem(address) == ""


@pytest.mark.parametrize("scheme", sorted(DRIVERS))
def test_driver_is_the_one_that_sqlalchemy_imports(scheme: str) -> None:
    dialect = sqlalchemy.make_url(f"{scheme}://h/d")._get_entrypoint()
    try:
        imported = dialect.import_dbapi().__name__
    except ModuleNotFoundError as error:
        imported = str(error.name)
    assert imported.partition(".")[0] == DRIVERS[scheme]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:secret@host:5000/x", "http://host:5000/x"),
        ("http://user:se@cret@host", "http://host"),
        ("http://user:se/cret@host", "http://host"),
        ("http://token@host", "http://host"),
        (
            "see postgresql+psycopg2://a:secret@b/c and http://u:secret@h, 'x'",
            "see postgresql+psycopg2://b/c and http://h, 'x'",
        ),
        ("http://host:5000/#/experiments/1?q=a@b", "http://host:5000/#/experiments/1?q=a@b"),
        ("models:/movies@Production of me@host", "models:/movies@Production of me@host"),
        ("", ""),
    ],
)
def test_without_userinfo_leaves_the_rest(text: str, shown: str) -> None:
    assert without_userinfo(text) == shown


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="'\"<>:/?#@"), min_size=3))
def test_without_userinfo_never_holds_the_password(password: str) -> None:
    secret = f"q{password}q"
    shown = without_userinfo(f"cannot reach http://user:{secret}@host:5000/api (user@host); try again")
    assert shown == "cannot reach http://host:5000/api (user@host); try again"


def test_split_userinfo_unquotes() -> None:
    assert split_userinfo("http://me:p%40ss@host:1/x") == ("http://host:1/x", "me", "p@ss")
    assert split_userinfo("http://host:1/x@y") == ("http://host:1/x@y", None, None)
    assert split_userinfo("postgresql://a:b@c/d") == ("postgresql://a:b@c/d", None, None)
