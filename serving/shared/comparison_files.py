"""Versions beside the served one, held for comparisons: what is wanted and what is ready, as files in the model cache.

::

    served/<name>/<alias>/versions.json          the registered versions, see `serving.shared.version_list`
    served/<name>/<alias>/extra/<version>.wanted  touched by a worker whenever the version is asked for
    served/<name>/<alias>/extra/<version>.json    written by the parent: ready, or refused and why

A worker only ever touches and reads small files here; it is the parent that fetches, checks and forgets.
"""

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from serving.shared.atomic_files import NO_WAITING, make_folder, read_file, read_json, remove_any, write_json
from serving.shared.cached_version import CachedVersion
from serving.shared.model_cache import ModelCache

KEPT_COMPARISONS = 2
"""So many versions are held beside the served one; asking for another lets go of the least recently used."""

State = Literal["served", "ready", "loading", "refused", "available"]


@dataclass(frozen=True)
class ComparisonVersion:
    """What the parent says of a version.

    Attributes
    ----------
    published
        Where it lies; None when it was refused.
    problem
        Why it was refused.
    """

    published: CachedVersion | None
    problem: str | None = None


_COMPARISON = TypeAdapter(ComparisonVersion)


class ComparisonFiles:
    """The files of one alias's extra versions."""

    def __init__(self, cache: ModelCache) -> None:
        self.folder = cache.served / "extra"
        self.list = cache.served / "versions.json"

    def want(self, version: int) -> None:
        """Ask for a version, or say that it has been used."""
        make_folder(self.folder)
        # Monotonic time, of a fixed width: a clock that is set back changes no order, and no reader meets a part.
        descriptor = os.open(self.folder / f"{version}.wanted", os.O_WRONLY | os.O_CREAT | NO_WAITING, 0o644)
        try:
            os.write(descriptor, b"%020d" % time.monotonic_ns())
        finally:
            os.close(descriptor)

    def wanted(self) -> list[int]:
        """Return the versions that are wanted, the last used first."""
        found = []
        for path in self.folder.glob("*.wanted"):
            try:
                found.append((_wanted_at(path), int(path.stem)))
            except (OSError, ValueError):
                continue
        return [version for _, version in sorted(found, reverse=True)]

    def seconds_since_wanted(self, version: int) -> float:
        """Return how long ago a version was last asked for."""
        try:
            return (time.monotonic_ns() - _wanted_at(self.folder / f"{version}.wanted")) / 1e9
        except (OSError, ValueError):
            return float("inf")

    def pointer(self, version: int) -> Path:
        """Return where the parent says what came of a version."""
        return self.folder / f"{version}.json"

    def put(self, version: int, found: ComparisonVersion) -> None:
        """Say what came of a version."""
        write_json(self.pointer(version), asdict(found))

    def get(self, version: int) -> ComparisonVersion | None:
        """Return what came of a version, None as long as nothing has."""
        try:
            return _COMPARISON.validate_python(read_json(self.pointer(version)))
        except ValidationError:
            return None

    def forget(self, version: int) -> None:
        """Evict a version."""
        for path in (self.folder / f"{version}.wanted", self.pointer(version)):
            remove_any(path)

    def forget_all(self) -> None:
        """Remove what an earlier service has left."""
        for path in self.folder.glob("*"):
            remove_any(path)

    def state(self, version: int) -> tuple[State, str | None]:
        """Return how far a version is that is not the served one, and the problem if there is one."""
        extra = self.get(version)
        if extra is not None:
            return ("ready", None) if extra.published else ("refused", extra.problem)
        return ("loading" if version in self.wanted() else "available"), None


def _wanted_at(path: Path) -> int:
    """Return when a version was last asked for, monotonic nanoseconds; 0 while the file is being made."""
    return int(read_file(path, 32) or b"0")
