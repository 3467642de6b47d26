"""How much memory a job may take: what an answer of the registry is like nobody here decides."""

import resource
import sys
from pathlib import Path

DATA_PAGES = 5
"""The place in ``statm`` of the pages that `resource.RLIMIT_DATA` is about."""


def limit_memory(more_bytes: int) -> None:
    """Let this process have so many bytes of its own more than it has now; what asks for more gets a `MemoryError`."""
    if sys.platform != "linux":  # elsewhere the limit is about something else
        return
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[DATA_PAGES])
    limit = pages * resource.getpagesize() + more_bytes
    _, highest = resource.getrlimit(resource.RLIMIT_DATA)
    if highest == resource.RLIM_INFINITY or limit < highest:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
