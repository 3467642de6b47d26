"""Let the served alias point to a version: a number, an alias, 'latest', or 'best' by a metric.

The version's files are fetched, compared with the checksums in the registry, and have to answer before anything moves.
It passes the checks of the gate that need no ratings (docs/promotion.md lists them), or needs --force: a version of
other data than the served one does.
A version that was registered by other hands is adopted: its checksums are put on record once it has answered.
--to NAME copies it to another registered model of the same server first, as from a dev to a prod one.
The move enters the history (python -m training versions --history). The service follows within seconds.

exit codes: 0 moved, or there already; 1 failed; 2 called in a wrong way; 3 refused
"""

import argparse

from recsys.registry import HEADLINE, Registry, registry_of
from recsys.settings import Settings
from recsys.signatures import Signatures
from training.choice import choose
from training.commands import moves
from training.project_run import EXPERIMENT, chosen_experiment
from training.promotion import promote, promote_to


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    parser.add_argument("version", help="a number, an alias such as Challenger, latest, or best")
    parser.add_argument("--metric", default=HEADLINE, help=f"by which 'best' is chosen, largest; default: {HEADLINE}")
    parser.add_argument(
        "--experiment",
        default="",
        help=f"whose runs 'best' is chosen from; default: MLFLOW_EXPERIMENT_NAME, else {EXPERIMENT}",
    )
    parser.add_argument(
        "--force", action="store_true", help="promote although checks refuse it; what does not answer is never served"
    )
    parser.add_argument(
        "--to",
        default="",
        type=moves.model_name,
        metavar="NAME",
        help="copy the version to this registered model first, and move the alias there",
    )
    moves.add_move_flags(parser, settings)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Promote, say what was done, and return the exit code."""
    registry = registry_of(settings)
    choice = choose(
        registry, args.version, experiment=args.experiment or chosen_experiment(registry), metric=args.metric
    )
    if not args.to or args.to == registry.name:
        done = promote(registry, args.alias, choice, why=args.why, force=args.force)
        return moves.print_move(done, choice.version.version, args)
    target = Registry(args.to, registry.tracking_uri, Signatures.of(settings.model))
    done, copied = promote_to(registry, target, args.alias, choice, why=args.why, force=args.force)
    return moves.print_move(done, copied.version, args, model=target.name)
