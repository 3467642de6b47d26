"""Let the Challenger answer a share of the callers before it is promoted, or answer in the shadow; or show how it does.

  traffic 10%           a tenth of the callers get answers of the Challenger, always the same ones; 'off' ends all
  traffic --shadow 20%  the Challenger also answers a fifth of what Production answers, unseen by the callers
  traffic --show        what is asked for, and what came of it so far, from the running service

The shares are tags of the registered model, traffic.challenger and traffic.shadow; setting them in MLflow does the
same. The service follows within seconds. Changes enter the history (python -m training versions --history), and a
promotion ends both.

exit codes: 0 done, or so already; 1 failed; 2 called in a wrong way; 3 refused
"""

import argparse
import json
import sys
from dataclasses import asdict

from recsys.alias.description import describe
from recsys.alias.traffic_record import traffic_in_words
from recsys.alias.traffic_switch import TrafficChange, set_traffic
from recsys.errors import ParameterError
from recsys.registry import Registry, registry_of
from recsys.settings import Settings
from recsys.traffic import CHALLENGER, CHALLENGER_TAG, SHADOW_TAG, Share
from training.commands import moves

OFF = "off"


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    parser.add_argument(
        "share", nargs="?", default="", help=f"of the callers: a percentage such as 10%%, or {OFF}, which ends both"
    )
    parser.add_argument("--shadow", default="", metavar="SHARE", help=f"a percentage, or {OFF}")
    parser.add_argument("--show", action="store_true", help="show how both versions do")
    moves.add_move_flags(parser, settings)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Change the shares if any are named, say what was done, and return the exit code."""
    registry = registry_of(settings)
    wanted = wanted_shares(args.share, args.shadow)
    if wanted and args.show:
        raise ParameterError("--show changes nothing; give either a share or --show")
    done = set_traffic(registry, args.alias, wanted, why=args.why)
    if done.entry is not None:
        describe(registry)
    return print_change(registry, done, args)


def wanted_shares(share: str, shadow: str) -> dict[str, Share]:
    """Return the shares that are named, by the tags that hold them.

    Raises
    ------
    ParameterError
        When a text names no share.
    """
    wanted = {}
    if share:
        wanted[CHALLENGER_TAG] = _parsed(share)
    if shadow or share == OFF:
        wanted[SHADOW_TAG] = _parsed(shadow or OFF)
    return wanted


def _parsed(text: str) -> Share:
    return Share() if text == OFF else Share.parse(text)


def print_change(registry: Registry, done: TrafficChange, args: argparse.Namespace) -> int:
    """Print what came of a change and return the exit code."""
    for sentence in done.repaired:
        sys.stderr.write(f"warning: {sentence}\n")
    if args.json:
        content = {**asdict(done), "entry": asdict(done.entry) if done.entry else None}
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
    else:
        sys.stdout.write(f"{change_as_text(registry.name, done)}\n")
    return moves.EXIT_REFUSED if done.refusal else 0


def change_as_text(name: str, done: TrafficChange) -> str:
    """Return what came of a change as a sentence."""
    if done.refusal:
        return f"nothing was changed: {done.refusal}"
    versions = f"{CHALLENGER} is version {done.challenger or 'none'}, Production version {done.production or 'none'}"
    if done.entry is None:
        return f"the traffic of {name}: {traffic_in_words(done.now)}, as before; {versions}"
    return f"the traffic of {name}: {traffic_in_words(done.now)}; before: {traffic_in_words(done.before)}; {versions}"
