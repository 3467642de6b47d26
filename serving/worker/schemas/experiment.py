"""What two versions that share the traffic have done, as it is answered over HTTP."""

from typing import Literal

from serving.worker.schemas.answer import Answer


class Events(Answer):
    """What users were told to have done, by kind."""

    click: int
    watch: int
    rating: int


class Arm(Answer):
    """What one of two versions did since they share the traffic so."""

    version: str
    role: Literal["production", "challenger"]
    requests: int
    errors: int
    """Those with a status from 400 on."""
    avg_latency_ms: float | None
    lists: int
    """Answers to `POST /recommend`."""
    popular_share: float | None
    events: Events
    click_through: float | None
    """Clicks by lists, at most 1, and the ends of its 95 % interval (Wilson)."""
    click_through_low: float | None
    click_through_high: float | None
    mean_rating: float | None
    distinct_movies: int
    """Different movies that it has recommended since its first answer."""
    coverage: float | None
    """The same as a share of its catalog."""


class ShadowCounts(Answer):
    """How the answers in the shadow compare with those that were given; means over those compared."""

    compared: int
    failed: int
    dropped: int
    """Not made, as the worker was busy."""
    overlap_at_10: float | None
    """Part of the first ten that is in both lists."""
    rank_agreement: float | None
    """Rank-biased overlap (Webber, Moffat & Zobel 2010), persistence 0.9: from 0 to 1, the first places count most."""
    avg_ms: float | None


class Experiment(Answer):
    """A Challenger on real traffic."""

    experiment: str
    """Another for each Challenger and share; the counts begin anew with it."""
    challenger_share: str
    shadow_share: str
    since_seconds: float | None
    versions: list[Arm]
    shadow: ShadowCounts
