"""What the local model cache says is served: the pointer to the published version."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from serving.shared.atomic_files import read_json


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
    folder: str
    artifact_sha256: str
    published_at: str
    model_json_sha256: str = ""
    signature: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the content of the pointer file."""
        return asdict(self)


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
    names = CachedVersion.__dataclass_fields__
    try:
        return CachedVersion(**{name: content[name] for name in names if name in content}) if content else None
    except TypeError:
        return None


def utc_now() -> str:
    """Return the time as ISO 8601, UTC, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
