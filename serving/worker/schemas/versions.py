"""Versions of the model as they are answered over HTTP."""

from typing import Any, Literal

from serving.worker.schemas.answer import Answer


class ModelAnswer(Answer):
    """The version that answers."""

    name: str
    alias: str
    version: str
    method: str
    params: dict[str, Any]
    dataset: dict[str, Any]
    """``name``, ``digest``, ``n_users``, ``n_items`` and ``n_ratings`` of what it was fitted on."""
    genres: list[str]
    """The names that a filter takes."""
    years: list[int] | None
    """The first and the last year of its movies; null when none is known."""
    metrics: dict[str, float]
    """On the holdout, as the registry's tags hold them; ``ndcg_at_10_popularity`` is the baseline's."""
    created: str | None
    """When it was registered; null as long as the registry has not been reached."""
    run_id: str
    run_url: str | None
    """The run in MLflow; null when the tracking store has no address."""
    loaded_at: str
    newest_rating: int | None
    """The time of the newest rating that it was trained on, Unix time; null where that is not on record."""
    comparing: Literal["open", "token", "closed"]
    """Whether other versions may be looked at: by everyone, with the admin token, or not at all."""


class Version(Answer):
    """A registered version."""

    version: str
    aliases: list[str]
    method: str | None
    dataset: str | None
    dataset_digest: str | None
    """Metrics of versions on different data come from different holdouts."""
    split: str | None
    """How the holdout was chosen; metrics compare on the same data and split only."""
    metrics: dict[str, float]
    created: str
    run_id: str
    run_url: str | None
    state: Literal["served", "ready", "loading", "refused", "available"]
    """``ready`` versions answer `?version=` at once; ``available`` ones are downloaded first."""
    problem: str | None
    """Why it was refused."""


class Versions(Answer):
    """The registered versions, newest first: the last fifty, and whatever has an alias."""

    as_of: str | None
    """When the list last changed; null when the registry has not been reached yet."""
    served: str | None
    versions: list[Version]


class VersionLoad(Answer):
    """How far a version is."""

    version: str
    state: Literal["served", "ready", "loading", "refused", "available"]
    problem: str | None
