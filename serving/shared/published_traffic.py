"""What the pointer says of the Challenger, beside the served version and replaced with it in one step."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from serving.shared.atomic_files import read_json
from serving.shared.cached_version import CachedVersion, published_of

TRAFFIC = "traffic"
"""Its key in the pointer file, absent where the registry asks for none."""


@dataclass(frozen=True)
class PublishedTraffic:
    """What the Challenger gets of the traffic.

    Attributes
    ----------
    challenger_share, shadow_share
        As the tags of the registered model have them, see `recsys.traffic`.
    challenger_version
        The version that the Challenger's alias stands for; None when it is not set.
    challenger
        Where it lies, checked; None as long as Production answers everyone.
    salt
        Of the experiment; empty with it.
    problem
        Why Production answers everyone, one sentence; None when the Challenger has its part.
    """

    challenger_share: str
    shadow_share: str
    challenger_version: int | None = None
    challenger: CachedVersion | None = None
    salt: str = ""
    problem: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the part of the pointer file."""
        return asdict(self)


_TRAFFIC = TypeAdapter(PublishedTraffic)


@dataclass(frozen=True)
class Published:
    """The whole pointer: the served version, and what the Challenger gets of the traffic; None for nothing."""

    version: CachedVersion
    traffic: PublishedTraffic | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the content of the pointer file."""
        more = {TRAFFIC: self.traffic.as_json()} if self.traffic else {}
        return {**self.version.as_json(), **more}


def read_published(path: Path) -> Published | None:
    """Return the whole pointer, None when there is none that can be read."""
    content = read_json(path) or {}
    traffic = traffic_of(content.get(TRAFFIC))
    version = published_of(content)
    return Published(version, traffic) if version else None


def read_challenger(path: Path) -> CachedVersion | None:
    """Return the Challenger that a pointer file names, None when it names none."""
    published = read_published(path)
    return published.traffic.challenger if published and published.traffic else None


def traffic_of(content: Any) -> PublishedTraffic | None:
    """Return what decoded JSON says of the Challenger, None when it says nothing."""
    try:
        return _TRAFFIC.validate_python(content)
    except ValidationError:
        return None
