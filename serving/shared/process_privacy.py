"""Keeps what a process knows from other processes of the same user."""

import ctypes
import sys

PR_SET_DUMPABLE = 4  # <linux/prctl.h>; Python's standard library has no name for it


def hide_from_same_user() -> None:
    """Let no other process of this user read this one's environment or memory, and leave no core dump.

    A candidate that is tried out runs under the same user as the parent and the workers, which hold the admin token and
    the account of the registry; without this, ``/proc/<pid>/environ`` would tell it. Only Linux has it (prctl(2)).
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
