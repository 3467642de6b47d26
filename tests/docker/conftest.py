"""A real Docker engine, the images, and one stack that the tests share."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker_cli import MINIO, docker
from service_process import Answer, free_port

ROOT = Path(__file__).parents[2]
ML100K = ROOT.parent / "shared" / "data" / "ml-100k"
CONTEXT = ("docker", "recsys", "training", "serving", "docker-compose.yml", ".dockerignore", ".env.example")
CONTAINERS = ("postgres", "minio", "bucket", "mlflow", "training", "api", "retraining")


def no_engine() -> str:
    """Return why no engine can be used, an empty text when one can."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    try:
        done = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
    except subprocess.TimeoutExpired:
        return "the Docker engine does not answer"
    return "" if done.returncode == 0 else f"no Docker engine answers: {done.stderr.strip()[:200]}"


@dataclass
class Stack:
    """A copy of the project, as somebody who has just cloned it has it, and the stack that runs from there.

    A copy, so that no ``.env`` of the developer's is read or written, and source may be changed.
    """

    folder: Path
    project: str
    port: int
    mlflow_port: int

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment of the scripts and of compose."""
        return {**os.environ, "COMPOSE_PROJECT_NAME": self.project}

    def run(self, *command: str, answer: str = "", check: bool = True, seconds: float = 900) -> str:
        """Run a command in the folder and return all that it prints."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.variables,
            input=answer,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds,
        )
        assert not check or done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-6000:]}"
        return done.stdout

    def compose(self, *arguments: str, over: str = "", check: bool = True) -> str:
        """Run docker compose, with another compose file of ``docker/`` laid over if one is named."""
        names = ["docker-compose.yml", *([f"docker/docker-compose.{over}.yml"] if over else [])]
        names += [name for name in ("docker-compose.override.yml",) if (self.folder / name).exists()]
        files = [word for name in names for word in ("-f", name)]
        return self.run("docker", "compose", *files, *arguments, check=check)

    def inspect(self, container: str) -> Any:
        """Return what the engine knows of a container."""
        return json.loads(docker("inspect", f"recsys-{container}"))[0]

    def ask(self, path: str, body: Any = None, *, port: int = 0, **headers: str) -> Answer:
        """Return the API's answer, or that of what listens on another port of this machine."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers), error.read().decode())

    def health(self) -> Any:
        """Return the body of the API's health."""
        return self.ask("/health").json

    def wait_for(self, condition: Callable[[], object], what: str, seconds: float = 600) -> None:
        """Wait until a condition holds."""
        give_up = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return
            except (OSError, ValueError):  # not yet listening, or gone in the middle of an answer
                pass
            if time.monotonic() > give_up:
                logs = docker("logs", "--tail", "20", "recsys-api", check=False)
                pytest.fail(f"{what}: not after {seconds} seconds\n{self.compose('ps', '-a', check=False)}\n{logs}")
            time.sleep(0.3)

    def wait_until_healthy(self) -> None:
        """Wait until the API serves, in step with the registry."""
        self.wait_for(lambda: self.health()["status"] == "healthy", "the API is healthy")

    def mlflow(self, path: str, body: Any, **headers: str) -> Any:
        """Return what MLflow's REST interface answers."""
        answer = self.ask(f"/api/2.0/mlflow/{path}", body, port=self.mlflow_port, **headers)
        assert answer.status == 200, answer.text
        return answer.json


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture(scope="session")
def engine() -> None:
    """Skip, saying why, where no engine answers or a stack of the same names runs."""
    reason = no_engine()
    if reason:
        pytest.skip(reason)
    running = docker("ps", "-a", "--format", "{{.Names}}").split()
    taken = sorted({f"recsys-{name}" for name in CONTAINERS} & set(running))
    if taken:
        pytest.skip(f"there are containers {', '.join(taken)} already; docker/stop.sh removes them")


@pytest.fixture(scope="session")
def stack(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a stack with its ``.env`` and its images, but not yet started; nothing of it is left afterwards."""
    folder = tmp_path_factory.mktemp("clone")
    for name in (*CONTEXT, *(path.name for path in ROOT.glob("requirements-*.lock"))):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    if is_standin(MINIO):
        shutil.copy(Path(__file__).parent / "standins.yml", folder / "docker-compose.override.yml")
    stack = Stack(folder, f"recsys-test-{uuid.uuid4().hex[:8]}", free_port(), free_port())
    stack.run("docker/init-env.sh")
    own = {
        "RECSYS_API__PORT": stack.port,
        "MLFLOW_HOST_PORT": stack.mlflow_port,
        "MINIO_CONSOLE_PORT": free_port(),
        "DEBUGPY_PORT": free_port(),
        "RECSYS_MODEL__POLL_SECONDS": 2,
        **({"MOVIELENS_DIR": ML100K} if ML100K.is_dir() else {}),
    }
    with (folder / ".env").open("a") as env:
        env.writelines(f"{name}={value}\n" for name, value in own.items())
    try:
        yield stack
    finally:
        stack.compose("--profile", "manual", "down", "--volumes", "--remove-orphans", over="dev", check=False)


@pytest.fixture(scope="session")
def images(stack: Stack) -> str:
    """Build all images and return what the script says."""
    return stack.run("docker/build.sh", "--dev", seconds=1800)


def is_standin(image: str) -> bool:
    """Return whether an image is not the published one."""
    found = docker("image", "inspect", "--format", "{{json .Config.Entrypoint}}", image, check=False)
    return found.strip() == '["entrypoint"]'
