"""Errors between us and MLflow, over real stores and servers that answer as some do."""

import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import mlflow
import pytest
import requests
from mlflow import MlflowClient

from recsys.errors import RegistryError
from recsys.registry import Registry
from recsys.registry_errors import registry_errors


class Answering(BaseHTTPRequestHandler):
    """Answers every request with the status that its path begins with."""

    def do_GET(self) -> None:
        status = int(self.path.split("/")[1])
        body = b"Invalid Host header - possible DNS rebinding attack detected" if status == 403 else b"<html>no</html>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.server_port}"
        listening.shutdown()


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "check MLFLOW_TRACKING_USERNAME"),
        (403, "MLFLOW_SERVER_ALLOWED_HOSTS"),
        (404, "the address of an MLflow server"),
        (200, "the address of an MLflow server"),
    ],
)
def test_remedy_follows_from_the_answer(server: str, status: int, remedy: str) -> None:
    with pytest.raises(RegistryError) as raised:
        Registry("movies", f"http://me:secret@{server}/{status}").metadata()
    assert remedy in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_long_page_of_another_server_is_shown_in_part() -> None:
    error = requests.RequestException(f"Response body: '{'x' * 1_000_000}'")
    with pytest.raises(RegistryError) as raised, registry_errors("anything", "http://x"):
        raise error
    assert len(str(raised.value)) < 1000
    assert "the address of an MLflow server" in str(raised.value)


@pytest.mark.parametrize("version", ["../../x", "", "9" * 5000])
def test_version_that_is_no_number_is_said(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    registry = Registry("movies", "http://127.0.0.1:1")
    answer = SimpleNamespace(aliases={"Production": version}, tags={}, description="")
    monkeypatch.setattr(registry._client, "get_registered_model", lambda _: answer)
    with pytest.raises(RegistryError, match="makes no sense"):
        registry.metadata()


@pytest.mark.parametrize("scheme", ["http", "postgresql+psycopg2"])
def test_nobody_listens_is_one_sentence_at_once(scheme: str) -> None:
    with pytest.raises(RegistryError) as raised:
        Registry("movies", f"{scheme}://me:secret@127.0.0.1:1/db").metadata()
    assert "Connection refused" in str(raised.value)
    assert "and that the server runs" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_text_as_database_is_no_server_that_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("not a database, however long it is")
    with pytest.raises(RegistryError, match="file is not a database; name a database that can be written"):
        Registry("movies", f"sqlite:///{tmp_path}/text.db").metadata()


def test_older_schema_is_told_with_mlflows_own_remedy(tmp_path: Path) -> None:
    Registry("movies", f"sqlite:///{tmp_path}/old.db").metadata()
    with sqlite3.connect(tmp_path / "old.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '0584bdc529eb'")
    with pytest.raises(RegistryError) as raised:
        Registry("movies", f"sqlite:////{tmp_path}/old.db").metadata()
    assert "mlflow db upgrade" in str(raised.value)
    assert "server runs" not in str(raised.value)


def test_deleted_experiment_is_to_be_restored(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    client = MlflowClient(uri)
    client.delete_experiment(client.create_experiment("films", artifact_location=tmp_path.as_uri()))
    mlflow.set_tracking_uri(uri)
    with pytest.raises(RegistryError, match="restore it"), registry_errors("a run in films", uri):
        mlflow.set_experiment("films")


def test_fault_of_our_own_stays_what_it_is() -> None:
    with pytest.raises(KeyError), registry_errors("anything", "http://x"):
        {}["missing"]
