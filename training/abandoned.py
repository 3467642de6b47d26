"""Runs whose process was killed stay RUNNING in MLflow for ever; whoever comes next closes them."""

import json
from dataclasses import asdict

from mlflow import MlflowClient

from recsys.alias.identity import ProcessId
from recsys.alias.tag_names import machine_tag, read_tag
from recsys.registry import Registry

PROCESS_TAG = machine_tag("process")


def process_tags() -> dict[str, str]:
    """Return the tag by which a run is later known to belong to a process that has died."""
    return {PROCESS_TAG: json.dumps(asdict(ProcessId.own()))}


def close_abandoned_runs(registry: Registry, experiment: str) -> list[str]:
    """End the runs of an experiment whose process has died on this machine, and return their ids."""
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    with registry.registry_errors(f"the running runs of {experiment}"):
        found = client.get_experiment_by_name(experiment)
        if found is None:
            return []
        running = client.search_runs([found.experiment_id], "attributes.status = 'RUNNING'")
        dead = [run.info.run_id for run in running if _has_died(read_tag(run.data.tags, PROCESS_TAG) or "")]
        for run_id in dead:
            client.set_terminated(run_id, "KILLED")
    return dead


def _has_died(tag: str) -> bool:
    try:
        return ProcessId(**json.loads(tag)).is_known_dead()
    except (ValueError, TypeError):
        return False
