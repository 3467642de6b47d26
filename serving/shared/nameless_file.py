"""Files without a name: shared by handing their descriptor on, and gone with the last process that holds it."""

import os
import tempfile


def nameless_file(purpose: str) -> int:
    """Return the descriptor of a new empty file that lies in memory, or else on a disk without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create(purpose)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
