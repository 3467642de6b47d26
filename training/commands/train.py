"""Train, evaluate, track and register a model.

The run shows every metric beside that of a popularity baseline. The model is then fitted on all ratings and becomes
the newest version of the registered model, with the alias Challenger, unless the present one is better on the same data
and split, or was judged on another split of the same data; with the served alias too when nothing has it.
--engine spark does the same over the partitions of a Spark cluster, see docs/scale.md.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loguru import logger

from recsys.data.dataset import Dataset
from recsys.data.locate import is_empty
from recsys.data.places.buckets import is_bucket
from recsys.evaluation.floor import shortfall
from recsys.fitting import Recipe
from recsys.registry import registry_of
from recsys.settings import Settings
from recsys.splits import SplitParams
from training.commands import shared_flags
from training.commands.engine_flags import add_engine_flags, engine_flags_of, opened_session, spark_module, uses_spark
from training.engine import Engine, OneMachine
from training.project_run import chosen_experiment
from training.reporting.console import metrics_table
from training.train import train

LEADERBOARD_DATA = "ml-100k"
SPLIT_NOTE = (
    "The leaderboard in the README holds out other ratings and counts every rating as a like, so its figures differ."
)


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    shared_flags.add_data_flag(parser, settings)
    shared_flags.add_recipe_flags(parser, default_split="", default_split_is="random, or hash with --engine spark")
    add_engine_flags(parser)
    shared_flags.add_eval_users_flag(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Train, print what came of it, and return 0."""
    args.split = args.split or _split_for_engine(args)
    recipe, split_params = shared_flags.recipe_from_flags(args), shared_flags.split_of(args)
    registry = registry_of(settings)
    with _engine(args, settings, recipe, split_params) as engine:
        data_flags = shared_flags.data_flags_of(args, settings, engine.ratings) | engine_flags_of(args)
        alias = settings.model.alias
        trained = train(
            engine,
            recipe,
            split_params,
            registry,
            alias=alias,
            data_flags=data_flags,
            max_users=args.eval_users,
        )
    version = trained.version
    alias = settings.model.alias if trained.promoted else "Challenger"
    became = "is registered" if trained.challenger_kept and not trained.promoted else f"is {alias}"
    sys.stdout.write(metrics_table(trained.outcome, recipe.method))
    if trained.outcome.parts.train.name == LEADERBOARD_DATA:
        sys.stdout.write(f"{SPLIT_NOTE}\n")
    if problem := shortfall(trained.outcome.metrics):
        sys.stdout.write(f"\n{problem}\n")
    place = f"run {version.run_id} in {chosen_experiment(registry)}"
    sys.stdout.write(f"\n{version.name} version {version.version} {became}; {place}\n")
    if trained.challenger_kept:
        sys.stdout.write(f"{trained.challenger_kept}\n")
    return 0


def _split_for_engine(args: argparse.Namespace) -> str:
    """Return the split where none was named."""
    if not uses_spark(args):
        return "random"
    logger.info("splitting by hash, as no split was named: every partition makes its own part of it")
    return "hash"


@contextmanager
def _engine(
    args: argparse.Namespace, settings: Settings, recipe: Recipe, split_params: SplitParams
) -> Iterator[Engine]:
    """Yield the ratings that the flags name, in memory or by Spark."""
    if not uses_spark(args):
        yield OneMachine(shared_flags.dataset_of(args, settings))
        return
    spark = spark_module("training.spark_engine", args)
    spark.check_supported(recipe, split_params)
    place = args.data_dir or str(settings.data.dir)
    is_there = is_bucket(place) or (Path(place).expanduser().exists() and not is_empty(Path(place).expanduser()))
    in_memory: Dataset | None = None if is_there else shared_flags.dataset_of(args, settings)
    with opened_session(args, settings) as session:
        engine: Engine = spark.open_engine(
            session,
            in_memory or place,
            policies=shared_flags.policies_of(args, settings),
            s3_endpoint_url=settings.s3_endpoint_url,
        )
        yield engine
