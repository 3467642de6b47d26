"""How the service is, as it is answered over HTTP."""

from typing import Literal

from serving.worker.schemas.answer import Answer


class RegistryHealth(Answer):
    """How the last look at the model registry went."""

    reachable: bool | None
    """Null before the first look."""
    last_checked: str | None
    problem: str | None
    """Why what is served may not be what the registry wants."""


class Traffic(Answer):
    """What a Challenger gets of the traffic."""

    challenger_version: str | None
    """Null when no version has the alias."""
    challenger_share: str
    """Of the callers, who get its answers."""
    shadow_share: str
    """Of what Production answers, which it answers as well, unseen."""
    problem: str | None
    """Why Production answers everyone; null when the Challenger has its part. The service is healthy either way."""


class Health(Answer):
    """Whether the service can answer, and from which model."""

    status: Literal["healthy", "degraded", "unavailable"]
    model_loaded: bool
    model_name: str
    model_version: str | None
    model_run_id: str | None
    model_loaded_at: str | None
    registry: RegistryHealth
    reason: str | None
    """Why the service is not healthy."""
    traffic: Traffic | None
    """Null when nothing is asked of a Challenger."""
    cache_size: int
    """Answers kept by the worker that answers."""
    cache_maxsize: int


class State(Answer):
    """One word for an orchestrator."""

    status: str


class CacheCleared(Answer):
    """The answers of all workers have been forgotten."""

    status: Literal["cleared"]


class Reloaded(Answer):
    """What a look at the registry came to."""

    status: Literal["reloaded", "unchanged", "refused", "accepted"]
    """``accepted`` when the look still goes on; /health tells the rest."""
    previous_version: str | None
    model_version: str | None
    problem: str | None
