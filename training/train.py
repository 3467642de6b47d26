"""Train: an experiment, tracked, whose model is refitted on all ratings and registered."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import mlflow
from loguru import logger
from mlflow.models.model import ModelInfo as LoggedModelInfo
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from recsys.alias.description import describe
from recsys.data.dataset import Dataset
from recsys.data.facts import RatingsFacts
from recsys.evaluation.floor import shortfall
from recsys.fitting import Recipe
from recsys.model_checks import registration_tags, verify_checksums
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.splits import SplitParams
from training import tracking
from training.challenger import give_challenger
from training.engine import Engine, OneMachine
from training.experiment import Outcome
from training.first_version import promote_first
from training.naming import run_name
from training.nothing_new import FINGERPRINT_TAG, fingerprint_of
from training.project_run import chosen_experiment, tracked_run
from training.reporting.report_facts import report_facts
from training.reporting.summary import describe_run, version_facts
from training.reproduce import reproduction_command

TAGGED_METRICS = (
    "ndcg_at_10",
    "ndcg_at_10_popularity",
    "ndcg_at_10_random_split",
    "ndcg_liked_at_10",
    "hit_rate_at_10",
    "coverage_at_10",
    "novelty_at_10",
)
"""Metrics that a version carries as tags, for whoever has only the registry to look at, as the service has."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A registered version, and the experiment that speaks for it."""

    version: ModelVersion
    outcome: Outcome
    promoted: bool
    challenger_kept: str = ""
    """Why another version stays Challenger; empty where this one has become it."""


def train(
    data: Dataset | Engine,
    recipe: Recipe,
    split_params: SplitParams,
    registry: Registry,
    *,
    alias: str | None,
    tags: Mapping[str, str] | None = None,
    data_flags: Mapping[str, str] | None = None,
    max_users: int | None = None,
) -> Trained:
    """Run the experiment, log it, and register the model refitted on all ratings.

    The new version gets the alias ``Challenger``, unless its holder is better on the same data and split or was
    judged on another split of the same data, and ``alias``, if one is given, when that has never been set.
    ``data`` are the ratings in memory, or an engine that works on them where they lie.
    ``tags`` are put on the run; ``data_flags`` are how a command line names these data, for the run's note.
    """
    mlflow.set_tracking_uri(registry.tracking_uri)
    registry.create()
    engine = OneMachine(data) if isinstance(data, Dataset) else data
    dataset = engine.ratings
    with tracked_run(registry, run_name(dataset, recipe, split_params)) as run:
        mlflow.set_tags(dict(tags or {}))
        tracking.log_params(dataset, recipe, split_params, max_users)
        tracking.log_reading(dataset)
        outcome = engine.run_experiment(recipe, split_params, max_users=max_users)
        if problem := shortfall(outcome.metrics):
            logger.warning("{} on {}: {}", recipe.method, dataset.name, problem)
        mlflow.set_tag("beats_popularity", str(not problem).lower())
        logger.info("drawing pictures and writing tables")
        tracking.log_outcome(outcome, recipe.method)
        logged_dataset = tracking.log_dataset(dataset, "training")
        logger.info("fitting it on all ratings and logging the model")
        logged, facts = tracking.log_refitted(engine, recipe)
        metrics = {**outcome.own_metrics, **facts}
        experiment = chosen_experiment(registry)
        again = reproduction_command(
            recipe, split_params, experiment=experiment, data_flags=data_flags or {}, max_users=max_users
        )
        mlflow.set_tag(MLFLOW_RUN_NOTE, describe_run(dataset, recipe, outcome, logged.model_uri, again))
        mlflow.log_metrics(metrics, model_id=logged.model_id, dataset=logged_dataset)
        tags = _version_tags(dataset, recipe, split_params, outcome) | version_facts(dataset, run, outcome)
        logger.info("registering the model")
        version = register(logged, registry, tags)
        about = report_facts(dataset, recipe, split_params, run, version)
        tracking.log_report(outcome, recipe.method, about)
    promoted = _promote_first(version, registry, alias)
    is_challenger = give_challenger(registry, version)
    describe(registry)
    return Trained(version, outcome, promoted, is_challenger)


def register(logged: LoggedModelInfo, registry: Registry, tags: dict[str, str]) -> ModelVersion:
    """Register a logged model, with tags that hold the checksums of what lies in the artifact store.

    The version is read back as the service will read it, so that nothing is announced that cannot be served.

    Raises
    ------
    ArtifactError
        When what is read back is not what was registered.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = registry.download_uri(logged.model_uri, Path(scratch))
        sums = registration_tags(folder)
    registered = registry.register(logged.model_uri, {**tags, **sums})
    version = registry.version(registered.version)
    with tempfile.TemporaryDirectory() as scratch:
        verify_checksums(registry.download(version, Path(scratch)), version)
    return version


def _version_tags(dataset: RatingsFacts, recipe: Recipe, split_params: SplitParams, outcome: Outcome) -> dict[str, str]:
    metrics = outcome.metrics
    ends = {row.name: row.interval for row in outcome.rows if row.name in TAGGED_METRICS and row.interval}
    return {
        "method": recipe.method,
        "dataset": dataset.name,
        "dataset_digest": dataset.digest,
        "split": split_params.told,
        FINGERPRINT_TAG: fingerprint_of(dataset, recipe, split_params.seed),
        **{name: f"{metrics[name]:.4f}" for name in TAGGED_METRICS if name in metrics},
        **{f"{name}_lower": f"{interval.lower:.4f}" for name, interval in ends.items()},
        **{f"{name}_upper": f"{interval.upper:.4f}" for name, interval in ends.items()},
    }


def _promote_first(version: ModelVersion, registry: Registry, alias: str | None) -> bool:
    done = alias is not None and promote_first(registry, alias, version)
    if done:
        logger.info("version {} is the first to be {}", version.version, alias)
    return done
