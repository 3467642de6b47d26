"""Servers as processes, held to one core: start, stop, and what they use. Linux only."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 120.0
LOOK_SECONDS = 0.005


@dataclass(frozen=True)
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def children(self) -> list[int]:
        """Return the processes that the first one has started, and theirs."""
        found, waiting = [], [self.process.pid]
        while waiting:
            children = _children(waiting.pop())
            found += children
            waiting += children
        return found

    def cpu_seconds(self) -> float:
        """Return the processor time that all processes of the server have used so far."""
        return sum(_cpu_seconds(pid) for pid in (self.process.pid, *self.children))

    def wait_until_it_answers(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return the first answer with status 200."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            answer = ask(self.port, method, path, body)
            if answer is not None:
                return answer
            time.sleep(LOOK_SECONDS)
        raise RuntimeError(f"{self.process.args} does not answer {path}:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        """End all processes of the server."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start_server(
    command: Sequence[str], *, port: int, folder: Path, cpu: int | None, variables: Mapping[str, str] | None = None
) -> Server:
    """Return a server, started in ``folder``, on one core if ``cpu`` says which; its log goes to a file."""
    pinned = [] if cpu is None else ["taskset", "-c", str(cpu)]
    log = folder / f"{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*pinned, *command],
            cwd=folder,
            env=environment(variables or {}),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    return Server(process, port, log)


def ask(port: int, method: str, path: str, body: bytes | None = None) -> bytes | None:
    """Return the body of an answer with status 200, None for anything else."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        answer = connection.getresponse()
        content = answer.read()
        return content if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without settings of the product or of MLflow, with some of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RECSYS_", "MLFLOW_"))}
    scripts = str(Path(sys.executable).parent)
    kept["PATH"] = f"{scripts}{os.pathsep}{kept['PATH']}"
    return {**kept, "PYTHONPATH": str(REPOSITORY), **variables}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _cpu_seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
