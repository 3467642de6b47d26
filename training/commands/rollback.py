"""Let the served alias point to the version before the current one, or to a named one.

The version before is found in the history, moves made in MLflow's UI included. A second rollback goes on further back.

exit codes: 0 moved, or there already; 1 failed, also when there is no version before; 2 called in a wrong way;
3 refused, since someone else moved the alias at the same time or the model does not answer
"""

import argparse

from recsys.registry import registry_of
from recsys.settings import Settings
from training.commands import moves
from training.promotion import roll_back


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    parser.add_argument("--to", default="", metavar="VERSION", help="a version number; default: the one before")
    moves.add_move_flags(parser, settings)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Roll back, say what was done, and return the exit code."""
    registry = registry_of(settings)
    done, target = roll_back(registry, args.alias, args.to or None, why=args.why)
    return moves.print_move(done, target.version, args)
