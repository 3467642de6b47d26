"""Counts what users made of the lists, and writes a log line for each event; nothing else is kept."""

from collections.abc import Sequence
from typing import Any

from recsys.logs import log_event
from serving.worker.metrics.counters import Metrics
from serving.worker.metrics.traffic import NO_EXPERIMENT
from serving.worker.served_model import ServedModel
from serving.worker.traffic.events import Click, Rating, Watch

LOGGER = "serving.feedback"

LOGGED = ("model_version", "event", "movie_id", "rank", "value")
"""Never who: the id of the user stays out of the log."""


def take_feedback(events: Sequence[Click | Watch | Rating], served: ServedModel, metrics: Metrics) -> dict[str, Any]:
    """Count and log events, and return the body of ``POST /feedback``.

    Events of versions that have not answered here are logged, but not counted: anybody may send a number, and each one
    that is counted has a place.
    """
    unknown: list[str] = []
    for event in events:
        version = str(event.model_version)
        experiment = experiment_of(version, served, metrics)
        if experiment is None:
            unknown.append(version)
            metrics.traffic.count_ignored()
        else:
            stars = event.value if isinstance(event, Rating) else 0.0
            metrics.traffic.count_event(experiment, version, event.event, stars)
        log_event(LOGGER, "feedback", {name: getattr(event, name) for name in LOGGED})
    return {"counted": len(events) - len(unknown), "ignored": len(unknown), "reason": _reason(unknown)}


def experiment_of(version: str, served: ServedModel, metrics: Metrics) -> int | None:
    """Return the experiment that an event of a version belongs to, 0 for none; None when it has not answered here."""
    split = served.split
    if split is not None and version in (split.production.version, split.challenger.version):
        return split.experiment
    experiment = metrics.traffic.experiment_of(version)
    if experiment is not None:
        return experiment
    is_served = served.current is not None and served.current.version == version
    return NO_EXPERIMENT if is_served or metrics.versions.knows(version) else None


def _reason(unknown: Sequence[str]) -> str | None:
    if not unknown:
        return None
    versions = ", ".join(sorted(set(unknown), key=int))
    return f"no list of version {versions} was given here since the service started; X-Model-Version tells the version"
