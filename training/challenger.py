"""Who is Challenger: the newest candidate that is at least as good as the one before it."""

from mlflow import MlflowClient

from recsys.errors import RegistryError
from recsys.model_version import ModelVersion
from recsys.registry import HEADLINE, Registry
from recsys.traffic import CHALLENGER
from training.protocol import other_rules


def give_challenger(registry: Registry, candidate: ModelVersion) -> str:
    """Give the alias to a new version, unless the present holder is better on the same data, or was judged otherwise.

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
    """Compare two versions by their headline metric; on other data, or where one has none, the newer one is taken."""
    theirs, ours = (registry.headline_metrics(version.version).get(HEADLINE) for version in (holder, candidate))
    judged = [_params_of_run(registry, version) for version in (holder, candidate)]
    if theirs is None or ours is None or not all(judged):
        return ""
    digests = {params.get("dataset_digest") for params in judged}
    if len(digests) > 1 or digests == {None}:
        return ""
    kept = f"version {holder.version} ({holder.tags.get('method', 'method unknown')}) stays {CHALLENGER}"
    if differing := other_rules(*judged):
        return (
            f"{kept}: version {candidate.version} was measured on the same data with {differing}, so their {HEADLINE} "
            f"do not compare; to give it the alias all the same: python -m training promote {candidate.version} "
            f"--alias {CHALLENGER}"
        )
    if ours >= theirs:
        return ""
    return (
        f"{kept}: on the same data and split its {HEADLINE} is {theirs:.4f}, and that of version "
        f"{candidate.version} is {ours:.4f}"
    )


def _params_of_run(registry: Registry, version: ModelVersion) -> dict[str, str]:
    """Return the parameters of the run of a version; empty where the run is gone."""
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    try:
        with registry.registry_errors(f"the run of version {version.version}"):
            return dict(client.get_run(version.run_id).data.params)
    except RegistryError:
        return {}
