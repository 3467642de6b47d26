"""Who is Challenger: the newest candidate that is at least as good as the one before it."""

from mlflow import MlflowClient

from recsys.errors import RegistryError
from recsys.model_version import ModelVersion
from recsys.registry import HEADLINE, Registry
from recsys.traffic import CHALLENGER

PROTOCOL = ("dataset_digest", "split", "holdout_ratio", "seed")
"""Parameters of a run that have to be the same for two of its metrics to be comparable."""


def give_challenger(registry: Registry, candidate: ModelVersion) -> str:
    """Give the alias to a new version, unless the present holder is better on the same data and split.

    Returns
    -------
    Why the present Challenger keeps the alias, in one sentence; empty where the candidate has it now.
    """
    holder = registry.aliased(CHALLENGER)
    reason = _why_kept(registry, holder, candidate) if holder else ""
    if not reason:
        registry.set_alias(CHALLENGER, candidate.version)
    return reason


def _why_kept(registry: Registry, holder: ModelVersion, candidate: ModelVersion) -> str:
    """Compare two versions by their headline metric; where that says nothing, the newer one is the candidate."""
    theirs, ours = (registry.headline_metrics(version.version).get(HEADLINE) for version in (holder, candidate))
    if theirs is None or ours is None or ours >= theirs:
        return ""
    if _protocol(registry, holder) != _protocol(registry, candidate):
        return ""
    return (
        f"version {holder.version} ({holder.tags.get('method', 'method unknown')}) stays {CHALLENGER}: on the same "
        f"data and split its {HEADLINE} is {theirs:.4f}, and that of version {candidate.version} is {ours:.4f}"
    )


def _protocol(registry: Registry, version: ModelVersion) -> tuple[str | None, ...]:
    """Return what a version was measured on; its own number where its run is gone, so that it equals no other."""
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    try:
        with registry.registry_errors(f"the run of version {version.version}"):
            params = client.get_run(version.run_id).data.params
    except RegistryError:
        return (str(version.version),)
    return tuple(params.get(name) for name in PROTOCOL)
