"""Which version a user names: by number, by alias, ``latest``, or ``best``."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import RunData

from recsys.alias.state import AliasState
from recsys.errors import ParameterError
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.protocol import rules_of


@dataclass(frozen=True)
class Choice:
    """A version, and in one sentence why it was chosen."""

    version: ModelVersion
    why: str


def choose(registry: Registry, wanted: str, *, experiment: str, metric: str) -> Choice:
    """Return the version that a user names: by number, by alias, ``latest``, or ``best``.

    Raises
    ------
    ParameterError
        When there is no such version, and for a word that is none of these.
    """
    versions = registry.versions()
    if not versions:
        raise ParameterError(f"{registry.name} has no version yet; train one first: python -m training train")
    if wanted == "latest":
        return Choice(versions[0], "the latest version")
    if wanted == "best":
        return best(registry, versions, experiment=experiment, metric=metric)
    return Choice(find_version(registry, wanted, versions), "" if wanted.isdecimal() else f"chosen as {wanted}")


def find_version(registry: Registry, wanted: str, versions: Sequence[ModelVersion]) -> ModelVersion:
    """Return the version of a number, of an alias in any spelling, or the ``latest``."""
    if wanted == "latest":
        return versions[0]
    number = int(wanted) if wanted.isdecimal() else AliasState.of(registry.metadata(), wanted).current
    for version in versions:
        if version.version == number:
            return version
    known = ", ".join(str(version.version) for version in reversed(versions))
    raise ParameterError(f"{registry.name} has no version {wanted!r}; there are {known}, latest, and aliases")


def best(registry: Registry, versions: Sequence[ModelVersion], *, experiment: str, metric: str) -> Choice:
    """Return the version whose run in an experiment has the largest value of a metric, the newer one of equals.

    Runs on other data or by other rules than the newest version's say nothing beside it, so they are left out.

    Raises
    ------
    ParameterError
        When there is no such experiment, or no version of it has the metric.
    """
    with registry.registry_errors(f"the runs of {experiment}"):
        runs = _runs_of(registry, versions, experiment)
    measured = [(version, run) for version, run in runs if metric in run.metrics]
    if not measured:
        raise ParameterError(f"no version of {registry.name} has a run in {experiment!r} with the metric {metric!r}")
    newest = _how_measured(measured[0][1])
    comparable = [(run.metrics[metric], version) for version, run in measured if _how_measured(run) == newest]
    value, winner = max(comparable, key=lambda pair: (pair[0], pair[1].version))
    left_out = len(measured) - len(comparable)
    others = f"; {left_out} measured on other data or by other rules left out" if left_out else ""
    return Choice(winner, f"the best of {len(comparable)} by {metric}, {value:.4f}{others}")


def _runs_of(
    registry: Registry, versions: Sequence[ModelVersion], experiment: str
) -> list[tuple[ModelVersion, RunData]]:
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    found = client.get_experiment_by_name(experiment)
    if found is None:
        raise ParameterError(f"there is no experiment {experiment!r} at {registry.tracking_uri}")
    runs = [(version, client.get_run(version.run_id)) for version in versions if version.run_id]
    return [(version, run.data) for version, run in runs if run.info.experiment_id == found.experiment_id]


def _how_measured(run: RunData) -> tuple[str | None, dict[str, str]]:
    """Return the digest of the data and the rules."""
    return run.params.get("dataset_digest"), rules_of(run.params)
