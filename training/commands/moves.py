"""What the commands that move an alias have in common: their flags and what they print."""

import argparse
import json
import sys
from dataclasses import asdict

from recsys.alias.move import Move
from recsys.registry_names import alias_problem, name_problem
from recsys.settings import Settings

EXIT_REFUSED = 3
"""A refusal is no failure (1) and no wrong call (2): scripts tell it apart."""


def add_move_flags(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add ``--alias``, ``--why`` and ``--json``."""
    parser.add_argument(
        "--alias",
        default=settings.model.alias,
        type=alias_name,
        help=f"the alias to move; default: RECSYS_MODEL__ALIAS, now {settings.model.alias}",
    )
    parser.add_argument("--why", default="", metavar="TEXT", help="the reason, for the history")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")


def alias_name(text: str) -> str:
    """Return a text that MLflow takes as an alias; argparse shows the problem of another."""
    problem = alias_problem(text)
    if problem:
        raise argparse.ArgumentTypeError(problem)
    return text


def model_name(text: str) -> str:
    """Return a text that MLflow takes as the name of a registered model; argparse shows the problem of another."""
    problem = name_problem(text) if text else ""
    if problem:
        raise argparse.ArgumentTypeError(problem)
    return text


def print_move(done: Move, version: int, args: argparse.Namespace, *, model: str = "") -> int:
    """Print what came of a move, of another registered model where one is named, and return the exit code."""
    for sentence in done.repaired:
        sys.stderr.write(f"warning: {sentence}\n")
    if args.json:
        sys.stdout.write(json.dumps(move_as_json(done, version, args.alias), indent=2) + "\n")
    else:
        where = f"{model}: " if model else ""
        sys.stdout.write(f"{where}{move_as_text(done, version, args.alias)}\n")
    return EXIT_REFUSED if done.refusal else 0


def move_as_text(done: Move, version: int, alias: str) -> str:
    """Return what came of a move as a sentence."""
    if done.refusal:
        return f"nothing was moved: {done.refusal}"
    if done.entry is None:
        return f"{alias} is version {version} already"
    before = "not set" if done.from_version is None else f"version {done.from_version}"
    reason = f" ({done.entry.why})" if done.entry.why else ""
    return f"{alias} is now version {version}{reason}; before it was {before}"


def move_as_json(done: Move, version: int, alias: str) -> dict[str, object]:
    """Return what came of a move as JSON takes it."""
    return {
        "alias": alias,
        "version": version,
        "from_version": done.from_version,
        "moved": done.entry is not None,
        "entry": asdict(done.entry) if done.entry else None,
        "repaired": list(done.repaired),
        "refusal": done.refusal,
    }
