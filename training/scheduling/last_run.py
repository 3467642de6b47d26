"""When a model was last trained, by a person or by the schedule, as the tracking server knows it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from mlflow import MlflowClient

from recsys.registry import Registry


@dataclass(frozen=True)
class LastRun:
    """The last run that the schedule started."""

    started: datetime
    status: str
    run_id: str


def last_scheduled_run(registry: Registry, experiment: str) -> LastRun | None:
    """Return the newest run with the tag ``trigger=schedule``, None when there is none."""
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    with registry.registry_errors(f"the runs of {experiment}"):
        found = client.get_experiment_by_name(experiment)
        if found is None:
            return None
        runs = client.search_runs(
            [found.experiment_id], "tags.trigger = 'schedule'", max_results=1, order_by=["attributes.start_time DESC"]
        )
    return LastRun(_moment(runs[0].info.start_time), runs[0].info.status, runs[0].info.run_id) if runs else None


def last_trained(registry: Registry, experiment: str) -> datetime | None:
    """Return when the newest version was registered or the schedule last started a run, None when neither happened."""
    scheduled = last_scheduled_run(registry, experiment)
    moments = [version.created for version in registry.versions()[:1]]
    return max([*moments, *([scheduled.started] if scheduled else [])], default=None)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
