"""What versions have reached, as their runs have it on record: by which rules, and which rules two runs share."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow import MlflowClient

from recsys.errors import RegistryError
from recsys.model_version import ModelVersion
from recsys.registry import HEADLINE, Registry
from training.experiment import RANDOM_SPLIT
from training.protocol import UNKNOWN, rules_of

COVERAGE = "coverage_at_10"

Protocol = tuple[str, ...]
"""Split, share held out, seed, and how many users were judged."""


@dataclass(frozen=True)
class Reached:
    """nDCG@10 with the interval of its mean over users, and catalog coverage, of one version."""

    ndcg: float
    lower: float
    upper: float
    coverage: float


@dataclass(frozen=True)
class Recorded:
    """What two versions have reached by the same rules.

    Attributes
    ----------
    candidate, production
        The two.
    how
        The rules, for people: ``"the random split of ml-100k"``.
    """

    candidate: Reached
    production: Reached
    how: str


def recorded(registry: Registry, candidate: ModelVersion, production: ModelVersion) -> Recorded | str:
    """Return what both have on record by the same rules, or in one sentence why there is nothing."""
    names = [version.tags.get("dataset") for version in (candidate, production)]
    if names[0] is None or names[0] != names[1]:
        return f"Production was trained on {names[1] or 'unknown data'}, this on {names[0] or 'unknown data'}"
    ours, theirs = (records_of(registry, version) for version in (candidate, production))
    # The random split first: what it holds out does not wander on as data grow.
    shared = sorted((protocol for protocol in ours if protocol in theirs), key=lambda protocol: protocol[0] != "random")
    if not shared:
        return "Production has nothing on record that was measured on the same split and users"
    split, ratio, seed, _ = shared[0]
    how = f"the {split} split of {names[0]} ({float(ratio):.0%} held out, seed {seed})"
    return Recorded(ours[shared[0]], theirs[shared[0]], how)


def records_of(registry: Registry, version: ModelVersion) -> dict[Protocol, Reached]:
    """Return what the run of a version has on record, by rules; nothing where the run is gone."""
    try:
        with registry.registry_errors(f"the run of version {version.version}"):
            run = MlflowClient(tracking_uri=registry.tracking_uri).get_run(version.run_id).data
    except RegistryError:
        registry.metadata()  # an unreachable registry is no missing run
        return {}
    split, *others = rules_of(run.params).values()
    if UNKNOWN in (split, *others):
        return {}
    found = {(split, *others): reached(run.metrics, "")}
    if split != "random":
        found["random", *others] = reached(run.metrics, RANDOM_SPLIT)
    return {protocol: reaches for protocol, reaches in found.items() if reaches is not None}


def reached(metrics: Mapping[str, float], suffix: str) -> Reached | None:
    """Return what metrics tell, whose names end so; the interval is the value itself where it is not on record."""
    ndcg, coverage = metrics.get(HEADLINE + suffix), metrics.get(COVERAGE + suffix)
    if ndcg is None or coverage is None:
        return None
    lower, upper = (metrics.get(f"{HEADLINE}_{end}{suffix}", ndcg) for end in ("lower", "upper"))
    return Reached(ndcg, lower, upper, coverage)
