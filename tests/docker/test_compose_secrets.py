"""The compose files with secrets as files, as compose renders them."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docker

ROOT = Path(__file__).parents[2]
OVERLAY = "docker/docker-compose.secrets"
MAY_HAVE = {
    "postgres": {"postgres_password"},
    "minio": {"aws_access_key_id", "aws_secret_access_key"},
    "bucket": {"aws_access_key_id", "aws_secret_access_key"},
    "mlflow": {"postgres_password", "aws_access_key_id", "aws_secret_access_key"},
    "training": {"signing_key"},
    "retraining": {"signing_key"},
    "api": {"admin_token", "signing_key"},
}
MAY_HAVE_TOO = {
    "mlflow": {"mlflow_tracking_password", "mlflow_flask_server_secret_key"},
    "training": {"mlflow_tracking_password"},
    "retraining": {"mlflow_tracking_password"},
    "reader": {"mlflow_tracking_password", "mlflow_reader_password"},
    "api": {"mlflow_reader_password"},
}


class Project:
    """A copy of the files that compose reads, with the secrets in ``secrets/``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT / "docker", folder / "docker")
        for name in ("docker-compose.yml", ".env.example"):
            shutil.copy(ROOT / name, folder)

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def config(self, *files: str) -> dict[str, Any]:
        """Return what compose renders: of the files that .env names, or of these."""
        variables = {"COMPOSE_FILE": ":".join(files)} if files else {}
        done = self.run("docker", "compose", "--profile", "manual", "config", "--format", "json", **variables)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    @property
    def secrets(self) -> dict[str, str]:
        return {path.name: path.read_text().strip() for path in (self.folder / "secrets").iterdir()}


@pytest.fixture
def project(engine: None, tmp_path: Path) -> Project:
    project = Project(tmp_path / "project")
    done = project.run("docker/init-env.sh", "--files")
    assert done.returncode == 0, done.stderr
    return project


def with_key(project: Project) -> None:
    with (project.folder / ".env").open("a") as env:
        env.write("RECSYS_MODEL__SIGNING_KEY=a-key-of-many-characters\n")
    assert project.run("docker/init-env.sh", "--files").returncode == 0


def mounted(service: dict[str, Any]) -> set[str]:
    return {secret["source"] for secret in service.get("secrets", [])}


def assert_hidden(project: Project, found: dict[str, Any]) -> None:
    shown = json.dumps(found)
    assert len(project.secrets) == 8
    assert [name for name, secret in project.secrets.items() if secret in shown] == []
    assert "unused-" not in shown


@pytest.mark.parametrize("over", ["", "dev", "scale", "monitoring", "s3", "digests"])
def test_compose_secrets_show_nowhere(project: Project, over: str) -> None:
    with_key(project)
    if over == "s3":
        with (project.folder / ".env").open("a") as env:
            env.write("MLFLOW_S3_ENDPOINT_URL=https://s3.example.org\n")
    files = ["docker-compose.yml", f"{OVERLAY}.yml", *([f"docker/docker-compose.{over}.yml"] if over else [])]
    assert_hidden(project, project.config(*files))


@pytest.mark.parametrize("order", [("auth", "secrets", "secrets-auth"), ("secrets", "auth", "secrets-auth")])
def test_compose_secrets_of_mlflow_show_nowhere(project: Project, order: tuple[str, ...]) -> None:
    with_key(project)
    found = project.config("docker-compose.yml", *(f"docker/docker-compose.{name}.yml" for name in order))
    assert_hidden(project, found)
    for name, service in found["services"].items():
        assert mounted(service) == MAY_HAVE.get(name, set()) | MAY_HAVE_TOO.get(name, set()), name


def test_compose_secrets_are_handed_only_to_whom_they_concern(project: Project) -> None:
    found = project.config()
    for name, service in found["services"].items():
        assert mounted(service) == MAY_HAVE[name], name
        for variable, value in service["environment"].items():
            if str(value).startswith("/run/secrets/"):
                assert str(value).removeprefix("/run/secrets/") in MAY_HAVE[name], (name, variable)


def test_compose_secrets_of_ratings_in_the_bucket_show_nowhere(project: Project) -> None:
    with_key(project)
    shutil.copy(project.folder / "docker" / "data.env.example", project.folder / "docker" / "data.env")
    assert project.run("docker/init-env.sh", "--files").returncode == 0
    found = project.config()
    assert_hidden(project, found)
    for name in ("training", "retraining"):
        assert mounted(found["services"][name]) == MAY_HAVE[name] | {"aws_access_key_id", "aws_secret_access_key"}
        assert found["services"][name]["environment"]["RECSYS_DATA__DIR"] == "s3://movie-recsys/ratings"


def test_compose_signing_key_is_there_only_when_there_is_one(project: Project) -> None:
    without = project.config()
    assert {
        without["services"][name]["environment"]["RECSYS_MODEL__SIGNING_KEY_FILE"] for name in ("training", "api")
    } == {""}
    assert without["secrets"]["signing_key"]["file"] == str(project.folder / ".env.example")
    with_key(project)
    found = project.config()
    for name in ("training", "retraining", "api"):
        assert found["services"][name]["environment"]["RECSYS_MODEL__SIGNING_KEY_FILE"] == "/run/secrets/signing_key"
    assert found["secrets"]["signing_key"]["file"] == str(project.folder / "secrets" / "signing_key")


def test_compose_without_the_overlay_no_secret_is_known_to_anybody(project: Project) -> None:
    services = project.config("docker-compose.yml", "docker/docker-compose.auth.yml")["services"]
    for name, variable in (
        ("api", "RECSYS_API__ADMIN_TOKEN"),
        ("minio", "MINIO_ROOT_PASSWORD"),
        ("postgres", "POSTGRES_PASSWORD"),
        ("reader", "READER_PASSWORD"),
    ):
        assert len(services[name]["environment"][variable].removeprefix("unused-")) == 40
    assert services["mlflow"]["environment"]["MLFLOW_AUTH_ADMIN_PASSWORD"] == ""  # which MLflow refuses


def test_compose_secrets_may_lie_elsewhere(project: Project) -> None:
    with (project.folder / ".env").open("a") as env:
        env.write("SECRETS_DIR=/run/recsys\n")
    assert project.config()["secrets"]["admin_token"]["file"] == "/run/recsys/admin_token"
