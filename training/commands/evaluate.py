"""Show how a method does on a holdout, beside popularity. Nothing is tracked or registered.

With --model, the method and the parameters are those of a registered version. It is refitted on the training part,
since the registered one has been fitted on all ratings and knows the holdout.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from loguru import logger

from recsys.evaluation.floor import shortfall
from recsys.fetching import fetch_version
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.settings import Settings
from recsys.signatures import Signatures
from recsys.storage import LOGGED_FOLDER, load_model
from training.commands import shared_flags
from training.experiment import run_experiment
from training.reporting.console import metrics_table


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    shared_flags.add_data_flag(parser, settings)
    shared_flags.add_recipe_flags(parser)
    shared_flags.add_eval_users_flag(parser)
    parser.add_argument(
        "--model", metavar="URI", help="take the method of this version, models:/NAME/VERSION or @ALIAS"
    )
    parser.add_argument("--json", action="store_true", help="print the metrics as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Evaluate, print the metrics, and return 0."""
    recipe = registered_recipe(args.model, settings) if args.model else shared_flags.recipe_from_flags(args)
    split_params = shared_flags.split_of(args)
    dataset = shared_flags.dataset_of(args, settings)
    outcome = run_experiment(dataset, recipe, split_params, max_users=args.eval_users)
    text = json.dumps(outcome.metrics, indent=2) + "\n" if args.json else metrics_table(outcome, recipe.method)
    sys.stdout.write(text)
    if problem := shortfall(outcome.metrics):
        logger.warning("{} on {}: {}", recipe.method, dataset.name, problem)
    return 0


def registered_recipe(model_uri: str, settings: Settings) -> Recipe:
    """Return the method and the parameters that a registered version was made with."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = fetch_version(model_uri, settings.tracking_uri, Path(scratch), Signatures.of(settings.model))
        _, info = load_model(folder / LOGGED_FOLDER)
    method = get_method(info.method)
    return Recipe(method.name, make_params(method, info.params))
