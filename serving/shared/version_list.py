"""The registered versions as the sync last saw them; the workers read them here, and never ask the registry."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, TypeAdapter, ValidationError

from serving.shared.atomic_files import read_json, write_json


def _a_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


@dataclass(frozen=True)
class ListedVersion:
    """A version as the registry's list shows it.

    Attributes
    ----------
    version, aliases, run_id
        As the registry knows it; spellings of one alias that differ in case only are one.
    method, dataset, dataset_digest
        From its tags, None where it has none.
    metrics
        Those on the holdout that its tags hold; ``ndcg_at_10``, the ends of its interval as ``ndcg_at_10_lower`` and
        ``ndcg_at_10_upper``, and the baseline's as ``ndcg_at_10_popularity``.
    created
        When it was registered, ISO 8601, UTC.
    split
        How the holdout was chosen, None where that is not on record.
    """

    version: int
    aliases: tuple[str, ...]
    run_id: str
    method: str | None
    dataset: str | None
    dataset_digest: str | None
    metrics: Mapping[str, float]
    created: Annotated[str, AfterValidator(_a_time)]
    split: str | None = None


@dataclass(frozen=True)
class VersionList:
    """All listed versions, newest first, and when the registry was asked; None when it never was."""

    as_of: str | None = None
    versions: tuple[ListedVersion, ...] = field(default=())

    def find(self, version: int) -> ListedVersion | None:
        """Return a version, None when the list does not hold it."""
        return next((listed for listed in self.versions if listed.version == version), None)


_LIST = TypeAdapter(VersionList)


def write_version_list(path: Path, found: VersionList) -> None:
    """Write a list down, unless nothing but the time differs from what is there."""
    if read_version_list(path).versions != found.versions:
        write_json(path, asdict(found))


def read_version_list(path: Path) -> VersionList:
    """Return the list that was written, an empty one when there is none that can be read."""
    try:
        return version_list_of(read_json(path))
    except ValidationError:
        return VersionList()


def address_of_run(tracking_uri: str, run_id: str) -> str | None:
    """Return where a browser shows a run; None when the tracking store is no server. Passwords are left out."""
    parts = urlsplit(tracking_uri)
    if parts.scheme not in ("http", "https") or not run_id:
        return None
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, f"{parts.path.rstrip('/')}/", "", f"/runs/{run_id}"))


def version_list_of(content: Any) -> VersionList:
    """Return the list that decoded JSON describes; `ValidationError` when it describes none."""
    return _LIST.validate_python(content)
