"""Who and where this process is, as the registry's history and locks name it."""

import getpass
import os
import socket
from dataclasses import dataclass
from pathlib import Path


def who_am_i() -> str:
    """Return ``user@host``, or ``uid 1000@host`` where the user has no name, as in some containers."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()}"


@dataclass(frozen=True)
class ProcessId:
    """A process, told apart from a later one that has got the same number.

    Attributes
    ----------
    machine
        Host name and, on Linux, the namespace in which the number counts: containers count from 1 again.
    pid
        The number of the process.
    started
        When it started, in the kernel's own count; empty where that is not to be had.
    """

    machine: str
    pid: int
    started: str

    @classmethod
    def own(cls) -> "ProcessId":
        """Return the identity of this process."""
        return cls(_machine(), os.getpid(), _started(os.getpid()))

    def is_known_dead(self) -> bool:
        """Return True when the process ran on this machine and runs no more; False also when nobody here can tell."""
        if self.machine != _machine():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # it runs, as someone else
        return _started(self.pid) != self.started

    def is_known_alive(self) -> bool:
        """Return True when the process runs on this machine; False also when nobody here can tell."""
        return self.machine == _machine() and not self.is_known_dead()


def _machine() -> str:
    namespace = Path("/proc/self/ns/pid")
    try:
        return f"{socket.gethostname()}/{namespace.readlink()}"
    except OSError:
        return socket.gethostname()


def _started(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The name of the program, in parentheses, may hold blanks; field 22 is the 20th after it.
    return stat.rpartition(")")[2].split()[19]
