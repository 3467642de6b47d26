"""What the local model cache says is served: the pointer to the published version."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter, ValidationError

from serving.shared.atomic_files import read_json


def _within_the_cache(folder: str) -> str:
    path = PurePosixPath(folder)
    if "\0" in folder or path.is_absolute() or not path.parts or ".." in path.parts:
        raise ValueError("not a folder of the cache")
    return folder


@dataclass(frozen=True)
class CachedVersion:
    """A version that has been checked and lies in the local cache.

    Attributes
    ----------
    name, version, run_id
        As the registry knows it.
    folder
        Its artifacts, relative to the cache folder.
    artifact_sha256
        Of all artifacts, see `recsys.checksums.tree_sha256`.
    published_at
        When it was published here, ISO 8601, UTC.
    model_json_sha256, signature
        As the registry's tags have them, so that the signature can be checked at a start without the registry; empty
        where there is none, or an earlier release has written the pointer.
    """

    name: str
    version: int
    run_id: str
    folder: Annotated[str, AfterValidator(_within_the_cache)]
    artifact_sha256: str
    published_at: str
    model_json_sha256: str = ""
    signature: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the content of the pointer file."""
        return asdict(self)


_VERSION = TypeAdapter(CachedVersion)
"""Whoever harms the file may write values of any type; workers that trip over them would die one after the other."""


def read_pointer(path: Path) -> CachedVersion | None:
    """Return what a pointer file says, None when there is none that can be read."""
    return published_of(read_json(path))


def read_comparison(path: Path) -> CachedVersion | None:
    """Return the version that an extra version's file says is ready, None when there is none."""
    return published_of((read_json(path) or {}).get("published"))


def is_withdrawn(path: Path) -> bool:
    """Return whether a pointer file says that what it pointed to must not be served any more."""
    return "withdrawn" in (read_json(path) or {})


def published_of(content: Any) -> CachedVersion | None:
    """Return the version that decoded JSON describes, whatever else it holds; None when it describes none."""
    try:
        return _VERSION.validate_python(content)
    except ValidationError:
        return None


def utc_now() -> str:
    """Return the time as ISO 8601, UTC, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
