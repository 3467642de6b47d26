"""Requests for a look at the registry at once, with all checksums compared: a file each, gone once it is answered.

A file per request, and not a time stamp: a clock that is set back would let an old answer count for a new request.
"""

import secrets
from collections.abc import Iterable
from pathlib import Path

from serving.shared.atomic_files import make_folder


class LookRequests:
    """The requests of one alias.

    Parameters
    ----------
    folder
        Shared by all processes of all services on the cache.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self) -> str:
        """Ask for a look and return what the request is known by."""
        token = secrets.token_hex(8)
        make_folder(self._folder)
        (self._folder / token).touch()
        return token

    def pending(self) -> frozenset[str]:
        """Return the requests that nobody has answered."""
        return frozenset(path.name for path in self._folder.glob("*") if path.is_file())

    def is_answered(self, token: str) -> bool:
        """Return whether a look that began after the request has ended."""
        return not (self._folder / token).exists()

    def answered(self, tokens: Iterable[str]) -> None:
        """Note that a look has answered these requests."""
        for token in tokens:
            (self._folder / token).unlink(missing_ok=True)
