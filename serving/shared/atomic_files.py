"""Files and folders that others see whole or not at all, also after a power cut."""

import errno
import json
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

NO_WAITING = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""How files are opened that somebody may have put something else in the place of."""

MAX_JSON_BYTES = 16 * 2**20
"""Of the largest file, the list of versions: some tens of thousands of them."""


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file so that a reader finds the old content or the new one, never a part."""
    make_folder(path.parent)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            json.dump(content, handle, indent=2)
            handle.flush()
            os.fsync(handle.fileno())
        Path(name).chmod(0o644)
        if path.is_dir():  # not made by this service, and in its way
            remove_any(path)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def read_file(path: Path, longest: int) -> bytes:
    """Return the beginning of a file, at most so many bytes.

    Raises
    ------
    OSError
        Also for what is no file of its own: a pipe would be waited for, a link leads anywhere, a device never ends.
    """
    descriptor = os.open(path, os.O_RDONLY | NO_WAITING)
    with os.fdopen(descriptor, "rb") as handle:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a file", str(path))
        # Python takes room for all that it is to read at most, before it reads anything.
        return handle.read(min(longest, found.st_size))


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the content of a JSON file, None when it is missing or not a JSON object."""
    try:
        content = json.loads(read_file(path, MAX_JSON_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def make_folder(path: Path) -> None:
    """Make a folder unless it is there; what else lies in its place is none of this service, and is removed."""
    if path.exists() and not path.is_dir():
        path.unlink()
    path.mkdir(parents=True, exist_ok=True)


def remove_any(path: Path) -> None:
    """Remove whatever lies at a path: a folder with all it holds, a file, a link; nothing is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Wait until every file below a folder, and the folders themselves, are on the disk."""
    for path in (folder, *folder.rglob("*")):
        sync_folder(path)


def sync_folder(path: Path) -> None:
    """Wait until a folder's entries, or a file's content, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
