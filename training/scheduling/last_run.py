"""When a model was last trained, by a person or by the schedule, as the tracking server knows it."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from mlflow import MlflowClient

from recsys.alias.tag_names import machine_tag
from recsys.registry import Registry

TAG = machine_tag("retraining.scheduled")
"""Tag of the registered model: what came of the last scheduled retraining that ended in order."""


@dataclass(frozen=True)
class LastRun:
    """The last run that the schedule started.

    Attributes
    ----------
    started
        When, aware.
    status
        ``finished``, ``failed``, or what it came to: ``"nothing new: version 7 ..."``.
    run_id
        Empty where no run was made.
    """

    started: datetime
    status: str
    run_id: str


@dataclass(frozen=True)
class _Noted:
    at: str
    sentence: str
    run_id: str


def note_scheduled_run(registry: Registry, started: datetime, sentence: str, run_id: str) -> None:
    """Put on record what came of a scheduled retraining, also where it made no run."""
    noted = _Noted(started.isoformat(timespec="seconds"), sentence, run_id)
    registry.set_tag(TAG, json.dumps(asdict(noted), ensure_ascii=False))


def last_scheduled_run(registry: Registry, experiment: str) -> LastRun | None:
    """Return what the schedule did last: the newest run with the tag ``trigger=schedule``, or a later note of none."""
    found, noted = _last_tracked(registry, experiment), _last_noted(registry)
    if found is None or noted is None:
        return found or noted
    if noted.run_id == found.run_id:
        return LastRun(found.started, f"{found.status}, {noted.status}", found.run_id)
    return max(found, noted, key=lambda last: last.started)


def last_trained(registry: Registry, experiment: str) -> datetime | None:
    """Return when the newest version was registered or the schedule last started a run, None when neither happened."""
    scheduled = last_scheduled_run(registry, experiment)
    moments = [version.created for version in registry.versions()[:1]]
    return max([*moments, *([scheduled.started] if scheduled else [])], default=None)


def _last_tracked(registry: Registry, experiment: str) -> LastRun | None:
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    with registry.registry_errors(f"the runs of {experiment}"):
        found = client.get_experiment_by_name(experiment)
        if found is None:
            return None
        runs = client.search_runs(
            [found.experiment_id], "tags.trigger = 'schedule'", max_results=1, order_by=["attributes.start_time DESC"]
        )
    if not runs:
        return None
    return LastRun(_moment(runs[0].info.start_time), runs[0].info.status.lower(), runs[0].info.run_id)


def _last_noted(registry: Registry) -> LastRun | None:
    """Return what was noted, None where nothing was or somebody has altered the note beyond recognition."""
    text = registry.tags().get(TAG)
    if text is None:
        return None
    try:
        noted = _Noted(**json.loads(text))
        return LastRun(datetime.fromisoformat(noted.at), noted.sentence, noted.run_id)
    except (ValueError, TypeError):
        return None


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
