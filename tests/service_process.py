"""A running service, as tests talk to it."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
TOKEN = "a-token-of-the-tests"
NOBODY = "http://127.0.0.1:9"
"""The address of a registry that is not there."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.text)

    @property
    def version(self) -> str:
        """Return the model version that answered."""
        return self.headers["x-model-version"]


@dataclass
class Service:
    """A running `python -m serving`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    cache: Path = field(default_factory=Path)

    def ask(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Return the answer to a GET, or to a POST when there is a body."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return Answer(answer.status, _lower(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _lower(error.headers), error.read().decode())

    def wait_for_workers(self, number: int) -> None:
        """Wait until so many workers take requests, and a model answers."""
        self.wait_until(lambda: bool(self.ask("/metrics").json["workers"] == number))
        self.wait_until(lambda: self.ask("/health/ready").status == 200)

    def wait_until(self, condition: Callable[[], bool], seconds: float = 600) -> float:
        """Wait for a condition and return how long it took."""
        started = time.monotonic()
        while True:
            assert self.process.poll() is None, self.story()
            try:
                if condition():
                    return time.monotonic() - started
            except OSError:
                pass
            assert time.monotonic() - started < seconds, self.story()
            time.sleep(0.05)

    def wait_for_version(self, version: str, seconds: float = 600) -> float:
        """Wait until a version answers and return how long it took."""
        return self.wait_until(lambda: self.ask("/health/live").version == version, seconds)

    def story(self) -> str:
        """Return the end of the log, without the lines of requests."""
        lines = self.log.read_text().splitlines()
        return "\n".join([line for line in lines if '"serving.requests"' not in line][-30:])

    def reload(self) -> Any:
        """Let the service look at the registry at once, and return what came of it."""
        return self.ask("/model/reload", {}, Authorization=f"Bearer {TOKEN}").json

    @property
    def worker_pids(self) -> list[int]:
        """Return the processes that answer; the parent has other children beside them."""
        return [pid for pid in self.child_pids if b"serving.worker" in _command(pid)]

    @property
    def child_pids(self) -> list[int]:
        """Return all processes that the parent has started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Return the log, which has to consist of JSON lines."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the service by a signal and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(120)


def _command(pid: int) -> bytes:
    """Return the command line of a process, nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without the product's settings, with some of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECSYS_", "MLFLOW_"))}
    return {**kept, "PYTHONPATH": str(REPOSITORY), **variables}


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def unharmed(service: Service) -> Iterator[None]:
    """Check that a service is as well afterwards: the same workers answer, and nothing was unexpected to them."""
    workers = service.worker_pids
    yield
    assert service.worker_pids == workers
    assert service.ask("/recommend", {"user_ratings": {"10": 5}}).json["strategy"] == "personal"
    assert service.ask("/metrics").json["status_codes"].get("500") is None
