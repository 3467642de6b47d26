"""Train, evaluate, track and register a model.

The run shows every metric beside that of a popularity baseline. The model is then fitted on all ratings and becomes
the newest version of the registered model, with the alias Challenger; with the served alias too when nothing has it.
"""

import argparse
import sys

from recsys.evaluation.floor import shortfall
from recsys.registry import registry_of
from recsys.settings import Settings
from training.commands import shared_flags
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
    shared_flags.add_recipe_flags(parser)
    shared_flags.add_eval_users_flag(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Train, print what came of it, and return 0."""
    recipe, split_params = shared_flags.recipe_from_flags(args), shared_flags.split_of(args)
    dataset = shared_flags.dataset_of(args, settings)
    registry = registry_of(settings)
    data_flags = shared_flags.data_flags_of(args, settings, dataset)
    trained = train(
        dataset,
        recipe,
        split_params,
        registry,
        alias=settings.model.alias,
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
