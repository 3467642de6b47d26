"""What Linux tells of a process."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

ESTABLISHED = "01"


def is_running(pid: int) -> bool:
    """Return whether a process lives; one that has ended but was not waited for does not."""
    return state(pid) not in ("", "Z", "X")


def state(pid: int) -> str:
    """Return the letter of a process's state, empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started and not waited for."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def freeze(pid: int) -> None:
    """Stop a process where it is, and wait until it has stopped."""
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: state(pid) == "T")


def wait_until(condition: Callable[[], bool], seconds: float = 600) -> float:
    """Wait for a condition and return how long it took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "waited in vain"
        time.sleep(0.02)
    return time.monotonic() - started


def connections_of(pid: int, port: int) -> int:
    """Return how many accepted connections of a port a process holds."""
    held = {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    inodes = [row[9] for row in rows if row[3] == ESTABLISHED and int(row[1].rpartition(":")[2], 16) == port]
    return sum(f"socket:[{inode}]" in held for inode in inodes)


def private_kib(pid: int) -> int:
    """Return the memory that a process shares with no other, KiB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(size) for size in re.findall(r"^Private_(?:Clean|Dirty|Hugetlb): +(\d+) kB", rollup, re.MULTILINE))


def mapped_kib(pid: int, name: str) -> dict[str, int]:
    """Return the sums of ``Rss``, ``Shared_Clean``, ``Private_Dirty`` and so on over the mappings of a file, KiB."""
    sums: dict[str, int] = {}
    counts = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        first, _, rest = line.partition(" ")
        if not first.endswith(":"):
            counts = line.endswith(f"/{name}")
        elif counts and rest.endswith(" kB"):
            sums[first[:-1]] = sums.get(first[:-1], 0) + int(rest.split()[0])
    return sums
