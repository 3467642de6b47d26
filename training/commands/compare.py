"""Compare two versions on one holdout: metrics with bootstrap intervals, and how their lists differ for a few users.

Registered versions have been fitted on all ratings, so their recipes are refitted on the training part.

exit codes: 0 compared, whichever is better; 1 failed; 2 called in a wrong way, also when there is no such version
"""

import argparse
import json
import sys
import textwrap
from dataclasses import asdict

from recsys.errors import ParameterError
from recsys.registry import registry_of
from recsys.settings import Settings
from recsys.splits import split
from training.commands import shared_flags
from training.gating.comparison import Comparison, UserLists, compare
from training.promotion import find_version
from training.reporting.console import text_table


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    parser.add_argument("a", metavar="A", help="a version number, an alias, or latest")
    parser.add_argument("b", metavar="B", help="the same")
    shared_flags.add_data_flag(parser, settings)
    shared_flags.add_split_flags(parser)
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Compare, print the result, and return 0."""
    registry = registry_of(settings)
    versions = registry.versions()
    if not versions:
        raise ParameterError(f"{registry.name} has no version yet; train one first: python -m training train")
    a, b = (find_version(registry, wanted, versions) for wanted in (args.a, args.b))
    parts = split(shared_flags.dataset_of(args, settings), shared_flags.split_of(args))
    result = compare(registry, a, b, parts)
    sys.stdout.write(json.dumps(asdict(result), indent=2) + "\n" if args.json else as_text(result))
    return 0


def as_text(result: Comparison) -> str:
    """Return a comparison as text."""
    rows = [
        (
            row.metric,
            row.a,
            row.b,
            f"{row.difference:+.4f}",
            _span(row.lower, row.upper),
            _reading(row.lower, row.upper),
        )
        for row in result.rows
    ]
    header = ("", f"A: {result.a}", f"B: {result.b}", "B - A", "95% interval", "")
    parts = [
        *(f"note: {note}" for note in result.notes),
        text_table(header, rows),
        f"{result.n_users} users; on average {result.overlap:.0%} of the ten movies are in both lists.",
        *map(_user, result.users),
    ]
    return "\n".join(parts) + "\n"


def _user(user: UserLists) -> str:
    lines = [f"\nuser {user.user_id}, {user.n_train} ratings in train: {len(user.both)} movies in both lists"]
    for label, titles in (("only A", user.only_a), ("only B", user.only_b)):
        text = "; ".join(titles) or "-"
        lines.append(textwrap.fill(f"{label}: {text}", 118, initial_indent="  ", subsequent_indent="          "))
    return "\n".join(lines)


def _span(lower: float | None, upper: float | None) -> str:
    return "" if lower is None or upper is None else f"[{lower:+.4f}, {upper:+.4f}]"


def _reading(lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None:
        return ""
    return "B is better" if lower > 0 else "A is better" if upper < 0 else "no clear difference"
