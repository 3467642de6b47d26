"""How the last look at the registry went, as the sync writes it down and the workers report it."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from loguru import logger
from pydantic import TypeAdapter, ValidationError

from recsys.tracking_address import without_userinfo
from serving.shared.atomic_files import read_json, write_json
from serving.shared.cached_version import utc_now


@dataclass(frozen=True)
class SyncStatus:
    """How the last look at the registry went.

    Attributes
    ----------
    registry_reachable
        None before the first look.
    last_checked
        When it was, ISO 8601, UTC.
    problem
        Why what is served may not be what the registry wants, None when all is well.
    refused_version
        The version that the alias points to, when it is not served.
    poll_seconds
        How often the registry is asked.
    checked_at
        When the last look was, monotonic seconds, which no change of the clock moves; they restart with the machine.
    """

    registry_reachable: bool | None = None
    last_checked: str | None = None
    problem: str | None = None
    refused_version: int | None = None
    poll_seconds: float = 10.0
    checked_at: float | None = None

    def checked(
        self, *, reachable: bool, problem: str | None = None, refused_version: int | None = None
    ) -> "SyncStatus":
        """Return the status after a look that has just ended."""
        return replace(
            self,
            registry_reachable=reachable,
            last_checked=utc_now(),
            checked_at=time.monotonic(),
            problem=problem and without_userinfo(problem),
            refused_version=refused_version,
        )

    @property
    def age_seconds(self) -> float:
        """Return how long ago the last look was; infinite when that was before the machine has started."""
        age = -1.0 if self.checked_at is None else time.monotonic() - self.checked_at
        return age if age >= 0 else float("inf")


_STATUS = TypeAdapter(SyncStatus)


def write_status(path: Path, status: SyncStatus) -> None:
    """Write the status down; a disk that cannot take it is reported in the log only."""
    try:
        write_json(path, asdict(status))
    except OSError as error:
        logger.warning("the sync status cannot be written to {}: {}", path, error)


def read_status(path: Path) -> SyncStatus:
    """Return the status, a blank one when none has been written."""
    try:
        return _STATUS.validate_python(read_json(path))
    except ValidationError:
        return SyncStatus()
