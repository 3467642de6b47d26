"""How much of a worker one connection, and all of them, may use."""

import resource
from dataclasses import dataclass

from recsys.setting_groups import LimitSettings

RESERVED_DESCRIPTORS = 64
"""Descriptors that are not for connections: model files, the board, the log, MLflow's imports."""

FEWEST_CONNECTIONS = 8

MEBIBYTE = 2**20


@dataclass(frozen=True)
class ConnectionLimits:
    """The limits of a worker's connections.

    Attributes
    ----------
    connections
        How many may be open at a time.
    head_seconds, body_seconds, idle_seconds, answer_seconds
        How long a head, a body, the next request on a kept connection, and a caller who does not read are waited for.
    buffered_bytes
        What all unanswered requests together may hold in memory.
    """

    connections: int
    head_seconds: float
    body_seconds: float
    idle_seconds: float
    answer_seconds: float
    buffered_bytes: int


def connection_limits(settings: LimitSettings) -> ConnectionLimits:
    """Return the limits of the settings, with no more connections than this process may have descriptors for."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    connections = settings.connections
    if descriptors != resource.RLIM_INFINITY:
        connections = min(connections, max(FEWEST_CONNECTIONS, descriptors - RESERVED_DESCRIPTORS))
    return ConnectionLimits(
        connections=connections,
        head_seconds=settings.head_seconds,
        body_seconds=settings.body_seconds,
        idle_seconds=settings.idle_seconds,
        answer_seconds=settings.answer_seconds,
        buffered_bytes=settings.buffered_mib * MEBIBYTE,
    )
