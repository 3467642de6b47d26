"""What the connections of a worker have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field

from loguru import logger

from serving.worker.http.hosts import Hosts
from serving.worker.http.limits import ConnectionLimits
from serving.worker.http.refusal import Note

WARN_SECONDS = 10.0


@dataclass
class Shared:
    """What the connections of a worker have in common.

    Attributes
    ----------
    limits, hosts, note
        What is allowed, and who is told of what is not.
    version
        Returns the version that is served.
    buffered
        Bytes that all unanswered requests hold.
    warned_at
        When the log last said that there are too many connections.
    """

    limits: ConnectionLimits
    hosts: Hosts
    note: Note
    version: Callable[[], str]
    buffered: int = 0
    warned_at: float = field(default=-WARN_SECONDS)

    @property
    def is_full(self) -> bool:
        """Return whether the unanswered requests hold more than they may."""
        return self.buffered > self.limits.buffered_bytes

    def warn_of_too_many(self, now: float) -> None:
        """Let the log say that there are too many connections, unless it has just said so."""
        if now - self.warned_at >= WARN_SECONDS:
            self.warned_at = now
            limit = self.limits.connections
            logger.warning("this worker holds {} connections, as many as it may; RECSYS_LIMITS__CONNECTIONS", limit)
