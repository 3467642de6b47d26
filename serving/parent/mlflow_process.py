"""The template process that imports MLflow, and the jobs that are forked from it."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from recsys.errors import RegistryError
from recsys.settings import Settings
from serving.shared.messages import ClosedError, Messages, answer_in

START_SECONDS = 120.0
"""So long the import of MLflow may take on a slow and busy machine."""

FORK_SECONDS = 20.0
"""So long a template that has imported it may take to start a job; that takes milliseconds."""

TICK_SECONDS = 0.1

WITHOUT_SECRETS = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
"""Variables that the template gets, and with them the code of a candidate; those of Python itself are added."""


class JobEndedError(RegistryError):
    """A job that has died, or was killed because it did not answer in time."""


class ServiceEndsError(Exception):
    """A job is gone because the service ends.

    No `RecsysError`: it is no fault of the registry or of a candidate, so whoever records those must not see it.
    """


class Job:
    """A child process that answers calls; after a `JobEndedError` it is gone, and another has to be started.

    Parameters
    ----------
    pid
        Its process, and the group of whatever it starts.
    connection
        The parent's end of its socket.
    ending
        Set when the service ends, and jobs with it.
    """

    def __init__(self, pid: int, connection: socket.socket, ending: threading.Event) -> None:
        self.pid = pid
        self.has_ended = False
        self._ending = ending
        self._messages = Messages(connection)

    def send(self, message: Any) -> None:
        """Send what has no answer; `JobEndedError` when the job has died."""
        try:
            self._messages.send(message)
        except (ClosedError, TimeoutError):
            self.kill()
            raise self._death() from None

    def call(self, message: Any, seconds: float, *, meanwhile: Callable[[], None] = lambda: None) -> Any:
        """Return the answer to a call.

        Parameters
        ----------
        seconds
            How long it may take.
        meanwhile
            Called again and again while it takes; what it raises ends the job.

        Raises
        ------
        JobEndedError
            When there is no answer in time, and the job has been killed; or when it has died.
        RegistryError, ArtifactError
            As the job says.
        ServiceEndsError
            When it has died with the service.
        """
        try:
            answer = self._answer(message, seconds, meanwhile)
        except ClosedError:
            self.kill()
            raise self._death() from None
        except TimeoutError:
            self.kill()
            raise JobEndedError(f"no answer within {seconds:g} seconds") from None
        except BaseException:
            self.kill()
            raise
        return answer_in(answer)

    def _answer(self, message: Any, seconds: float, meanwhile: Callable[[], None]) -> Any:
        deadline = time.monotonic() + seconds
        self._messages.send(message)
        while True:
            try:
                return self._messages.receive(min(TICK_SECONDS, seconds))
            except TimeoutError:
                if time.monotonic() > deadline:
                    raise
                meanwhile()

    def _death(self) -> Exception:
        if self._ending.is_set():
            return ServiceEndsError()
        return JobEndedError("the process that was asked has died; see the log")

    def kill(self) -> None:
        """End the process and whatever it has started."""
        if self.has_ended:
            return
        self.has_ended = True
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._messages.close()


class MlflowProcess:
    """The template process, started when it is first needed, and again when it has died.

    Parameters
    ----------
    settings
        Of the service, for the log.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ending = threading.Event()
        # Never written to: the jobs read its end, which comes when this process is gone.
        self._lifeline, self._kept_open = os.pipe()

    def start(self, word: str) -> Job:
        """Return a new job of one kind, ``registry`` or ``smoke-test``.

        Raises
        ------
        RegistryError
            When MLflow cannot be imported.
        ServiceEndsError
            When the service ends.
        """
        with self._starting:
            if self._ending.is_set():
                raise ServiceEndsError
            if self._process is not None and self._process.poll() is not None:
                self._end_template()
            try:
                return self._fork(word)
            except (OSError, ValueError) as error:
                self._end_template()
                if self._ending.is_set():
                    raise ServiceEndsError from None
                raise RegistryError(f"the process that imports MLflow has died ({error}); see the log") from None

    def first_message(self, environment: Mapping[str, str], **more: Any) -> dict[str, Any]:
        """Return what every job is told first."""
        log = {
            "log_level": self._settings.logging.level,
            "log_as_json": self._settings.environment == "prod",
        }
        return {"environment": dict(environment), **log, **more}

    def stop(self) -> None:
        """End the template and, by their lifeline, all jobs."""
        self._ending.set()
        with suppress(OSError):
            os.close(self._kept_open)
        self._end_template()

    def _fork(self, word: str) -> Job:
        control = self._control or self._start_template()
        mine, other = socket.socketpair()
        try:
            with other:
                socket.send_fds(control, [word.encode()], [other.fileno()])
                job = Job(int(_read_line(control)), mine, self._ending)
            # From now on MLflow is imported: a template that takes longer hangs, and another takes its place.
            control.settimeout(FORK_SECONDS)
            return job
        except BaseException:
            mine.close()
            raise

    def _start_template(self) -> socket.socket:
        control, other = socket.socketpair()
        control.settimeout(START_SECONDS)
        with other:
            numbers = {"control": other.fileno(), "lifeline": self._lifeline}
            self._process = subprocess.Popen(
                [sys.executable, "-m", "serving.mlflow_child", *(f"--{name}={fd}" for name, fd in numbers.items())],
                pass_fds=tuple(numbers.values()),
                env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **environment_without_secrets()},
                process_group=0,  # Ctrl-C in a terminal is for the parent alone, which ends this one in its turn
            )
        self._control = control
        return control

    def _end_template(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def environment_without_secrets() -> dict[str, str]:
    """Return those variables of this process that Python needs, and no other."""
    return {name: value for name, value in os.environ.items() if name in WITHOUT_SECRETS or name.startswith("PYTHON")}


def _read_line(control: socket.socket) -> str:
    """Return the number that the template answers with."""
    line = b""
    while not line.endswith(b"\n"):
        piece = control.recv(1)
        if not piece:
            raise ValueError("it has ended")
        line += piece
    return line.decode()
