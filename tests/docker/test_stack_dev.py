"""The development stack, and the end of everything: start-dev.sh, train.sh dev, stop.sh; in this order."""

import json
import socket
from typing import Any

import pytest
from docker_cli import HISTORY, docker
from dotenv import dotenv_values

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def started(stack: Any, images: str) -> str:
    """Start for development and return what the script says."""
    return str(stack.run("docker/start-dev.sh"))


def logs() -> str:
    return docker("logs", "recsys-api")


def information(stack: Any) -> str:
    return str(stack.ask("/", Accept="application/json").text)


def test_start_dev_waits_for_health_and_shows_the_endpoints(stack: Any, started: str) -> None:
    assert stack.health()["model_loaded"] is True
    for line in (f"http://127.0.0.1:{stack.port}/docs", f"http://127.0.0.1:{stack.mlflow_port}"):
        assert line in started
    assert stack.ask("/recommend", HISTORY).status == 200


def test_start_dev_trains_only_when_no_model_is_served(stack: Any, started: str) -> None:
    again = stack.run("docker/start-dev.sh")
    assert "nothing is trained" in again


def test_dev_api_has_one_worker_debug_and_no_health_check(stack: Any, started: str) -> None:
    found = stack.inspect("api")
    assert found["Config"].get("Healthcheck", {}).get("Test") in (None, ["NONE"])
    assert {"RECSYS_LOGGING__LEVEL=DEBUG", "RECSYS_ENVIRONMENT=dev"} <= set(found["Config"]["Env"])
    assert "with 1 worker" in logs()
    assert found["HostConfig"]["ReadonlyRootfs"] is True


def test_dev_api_starts_anew_when_its_source_changes(stack: Any, started: str) -> None:
    source = stack.folder / "serving" / "worker" / "routes" / "index.py"
    text = source.read_text()
    try:
        source.write_text(text.replace('"name": "Movie recommender"', '"name": "Changed while running"'))
        stack.wait_for(
            lambda: "Changed while running" in stack.ask("/", Accept="application/json").text, "the change is served"
        )
    finally:
        source.write_text(text)
    stack.wait_for(lambda: "Changed" not in stack.ask("/", Accept="application/json").text, "the change is gone")
    assert "starting again" in logs()


def test_dev_api_talks_to_a_debugger(stack: Any, started: str) -> None:
    (binding,) = stack.inspect("api")["NetworkSettings"]["Ports"]["5678/tcp"]
    assert binding["HostIp"] == "127.0.0.1"
    assert int(binding["HostPort"]) == int(dotenv_values(stack.folder / ".env")["DEBUGPY_PORT"] or 0)
    body = json.dumps(
        {"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "test"}}
    ).encode()
    with socket.create_connection(("127.0.0.1", int(binding["HostPort"])), 10) as line:
        line.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        received = b""
        while b'"command": "initialize"' not in received:
            chunk = line.recv(4096)
            assert chunk, received
            received += chunk


def test_dev_retraining_waits_to_be_called(stack: Any, started: str) -> None:
    names = docker("ps", "-a", "--format", "{{.Names}}").split()
    assert "recsys-retraining" not in names
    stack.compose("--profile", "manual", "up", "-d", "retraining", over="dev")
    stack.wait_for(
        lambda: "next run" in docker("logs", "recsys-retraining"), "the retraining is started by its profile"
    )


def test_train_script_dev_trains_with_the_source_of_the_folder(stack: Any, started: str) -> None:
    said = stack.run("docker/train.sh", "dev", "--method", "content-jaccard")
    assert "is Challenger" in said
    mounted = stack.compose("run", "--rm", "training", "sh", "-c", "mount | grep /app/", over="dev")
    assert "/app/training" in mounted


def test_stop_clean_asks_first(stack: Any, started: str) -> None:
    for answer in ("no\n", ""):
        said = stack.run("docker/stop.sh", "--clean", answer=answer, check=False)
        assert "nothing was deleted" in said
    assert stack.health()["model_loaded"] is True
    assert docker("volume", "ls", "-q", "--filter", f"label=com.docker.compose.project={stack.project}")


def test_stop_keeps_volumes_and_needs_no_env(stack: Any, started: str) -> None:
    hidden = (stack.folder / ".env").rename(stack.folder / "hidden")
    try:
        stack.run("docker/stop.sh")
    finally:
        hidden.rename(stack.folder / ".env")
    label = f"label=com.docker.compose.project={stack.project}"
    assert docker("ps", "-aq", "--filter", label) == ""
    assert docker("volume", "ls", "-q", "--filter", label)


def test_stop_clean_deletes_when_told(stack: Any, started: str) -> None:
    stack.run("docker/stop.sh", "--clean", answer="yes\n")
    assert docker("volume", "ls", "-q", "--filter", f"label=com.docker.compose.project={stack.project}") == ""
    assert docker("images", "-q", "movie-recsys-api") == ""
    assert (stack.folder / ".env").exists()
