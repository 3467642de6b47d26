"""The stack with every secret as a file, a signing key and a password before MLflow; in this order."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from docker_cli import HISTORY, basic_login, docker

from recsys.model_checks import ARTIFACT_TAG, MODEL_TAG
from recsys.signatures import SIGNATURE_TAG, signature_of

pytestmark = pytest.mark.docker

OVERLAYS = "docker-compose.yml:docker/docker-compose.auth.yml"
STARTED = ("postgres", "minio", "bucket", "mlflow", "reader", "training", "api", "retraining")


@pytest.fixture(scope="module", autouse=True)
def up(stack: Any, images: str) -> Iterator[None]:
    """Start with the two commands of docs/security.md, and nothing of the tests before this."""
    env = stack.folder / ".env"
    before = env.read_text()
    own = ":docker-compose.override.yml" if (stack.folder / "docker-compose.override.yml").exists() else ""
    with env.open("a") as file:
        file.write(f"COMPOSE_FILE={OVERLAYS}{own}\nRECSYS_MODEL__SIGNING_KEY=a-key-of-many-characters\n")
        file.write("RECSYS_MODEL__REQUIRE_SIGNATURE=true\n")
    said = stack.run("docker/init-env.sh", "--files")
    assert "moved 8 secrets" in said
    stack.run("docker/stop.sh", "--clean", answer="yes\n")
    try:
        stack.run("docker", "compose", "up", "-d")
        stack.wait_until_healthy()
        yield
    finally:
        stack.run("docker/stop.sh", "--clean", answer="yes\n")
        env.write_text(before)


def secrets(stack: Any) -> dict[str, str]:
    """Return the secrets by the names of their files."""
    found = {path.name: path.read_text().strip() for path in (stack.folder / "secrets").iterdir()}
    assert len(found) == 8
    return found


def test_stack_of_secret_files_recommends(stack: Any) -> None:
    assert stack.ask("/recommend", HISTORY).json["count"] > 0
    for name in ("postgres", "minio", "mlflow", "api", "retraining"):
        stack.wait_for(lambda: stack.inspect(name)["State"]["Health"]["Status"] == "healthy", f"{name} is healthy")  # noqa: B023


def test_stack_of_secret_files_shows_none_of_them(stack: Any) -> None:
    for name in STARTED:
        shown = json.dumps(stack.inspect(name))
        assert [file for file, secret in secrets(stack).items() if secret in shown] == [], name
        assert "unused-" not in shown, name
    rendered = stack.run("docker", "compose", "config")
    assert [file for file, secret in secrets(stack).items() if secret in rendered] == []


def test_stack_of_secret_files_gives_each_container_its_own(stack: Any) -> None:
    having = {
        name: set(docker("exec", f"recsys-{name}", "ls", "/run/secrets").split())
        for name in ("postgres", "minio", "mlflow", "api", "retraining")
    }
    assert having == {
        "postgres": {"postgres_password"},
        "minio": {"aws_access_key_id", "aws_secret_access_key"},
        "mlflow": {
            *("postgres_password", "aws_access_key_id", "aws_secret_access_key"),
            *("mlflow_tracking_password", "mlflow_flask_server_secret_key"),
        },
        "api": {"admin_token", "signing_key", "mlflow_reader_password"},
        "retraining": {"signing_key", "mlflow_tracking_password"},
    }


def test_stack_of_secret_files_takes_the_admin_token_of_its_file(stack: Any) -> None:
    token = secrets(stack)["admin_token"]
    assert stack.ask("/cache/clear", {}, Authorization=f"Bearer {token}").status == 200
    assert stack.ask("/cache/clear", {}, Authorization=f"Bearer unused-{token}").status == 401


def test_stack_of_secret_files_signs_with_the_key_of_its_file(stack: Any) -> None:
    # Served although signatures are required; and MLflow takes the administrator's password of its file.
    assert stack.health()["model_version"] == "1"
    login = basic_login("admin", secrets(stack)["mlflow_tracking_password"])
    path = "model-versions/search?filter=name%3D%27movie-recommender%27"
    assert stack.ask(f"/api/2.0/mlflow/{path}", port=stack.mlflow_port).status == 401
    (version,) = stack.mlflow(path, None, Authorization=login)["model_versions"]
    tags = {tag["key"]: tag["value"] for tag in version["tags"]}
    sums = tags[ARTIFACT_TAG], tags[MODEL_TAG]
    assert tags[SIGNATURE_TAG] == signature_of(secrets(stack)["signing_key"], *sums)


def test_stack_of_secret_files_is_saved_by_the_same_command(stack: Any) -> None:
    assert "saved to" in stack.run("docker/backup.sh", str(stack.folder / "saved-with-files"))
    assert "restored from" in stack.run("docker/restore.sh", str(stack.folder / "saved-with-files"))
    stack.wait_until_healthy()


def test_stack_of_secret_files_needs_no_key(stack: Any) -> None:
    env = stack.folder / ".env"
    before = env.read_text()
    try:
        env.write_text(
            before.replace("RECSYS_MODEL__SIGNING_KEY_FILE=", "#").replace("SIGNATURE=true", "SIGNATURE=false")
        )
        stack.run("docker", "compose", "up", "-d")
        stack.wait_until_healthy()
        assert stack.ask("/recommend", HISTORY).status == 200
    finally:
        env.write_text(before)
