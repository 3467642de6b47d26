"""Let the Challenger answer a share of the callers before it is promoted, or answer in the shadow; or show how it does.

  traffic 10%           a tenth of the callers get answers of the Challenger, always the same ones; 'off' ends all
  traffic --shadow 20%  the Challenger also answers a fifth of what Production answers, unseen by the callers
  traffic --show        what is asked for, and what came of it so far, as the running service tells

The shares are tags of the registered model, traffic.challenger and traffic.shadow; setting them in MLflow does the
same. The service follows within seconds. Changes enter the history (python -m training versions --history), and a
promotion ends both.

exit codes: 0 done, or so already; 1 failed; 2 called in a wrong way; 3 refused
"""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from recsys.alias.description import describe
from recsys.alias.state import AliasState
from recsys.alias.traffic_record import traffic_in_words
from recsys.alias.traffic_switch import TrafficChange, set_traffic
from recsys.errors import ParameterError
from recsys.registry import Registry, registry_of
from recsys.settings import Settings
from recsys.traffic import CHALLENGER, CHALLENGER_TAG, SHADOW_TAG, Share
from training.commands import moves
from training.reporting.traffic_table import reading_of, traffic_as_text
from training.running_service import address_of, ask

OFF = "off"


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    address = address_of(settings.api)
    parser.add_argument(
        "share", nargs="?", default="", help=f"of the callers: a percentage such as 10%%, or {OFF}, which ends both"
    )
    parser.add_argument("--shadow", default="", metavar="SHARE", help=f"a percentage, or {OFF}")
    parser.add_argument("--show", action="store_true", help="show both versions side by side; also without any flag")
    parser.add_argument(
        "--difference",
        default="1%",
        metavar="SHARE",
        help="the difference in click-through that is to be found, in points; default: 1%%",
    )
    parser.add_argument("--api", default=address, metavar="URL", help=f"the running service; default: {address}")
    moves.add_move_flags(parser, settings)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Change the shares that are named, or show how both versions do, and return the exit code."""
    wanted = wanted_shares(args.share, args.shadow)
    if wanted and args.show:
        raise ParameterError("--show changes nothing; give either a share or --show")
    to_find = Share.parse(args.difference).percent / 100
    if not to_find:
        raise ParameterError("--difference 0%: no number of requests tells that two versions are alike; name a few %")
    registry = registry_of(settings)
    if not wanted:
        return show(registry, args, float(to_find))
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


def show(registry: Registry, args: argparse.Namespace, to_find: float) -> int:
    """Print what the registry asks for and what the running service has counted, and return the exit code.

    Raises
    ------
    RecsysError
        When the service does not answer; what the registry says has been printed by then.
    """
    metadata = registry.metadata()
    state = AliasState.of(metadata, args.alias)
    challenger = AliasState.of(metadata, CHALLENGER).current
    done = TrafficChange(None, state.traffic, state.traffic, state.current, challenger)
    if not args.json:
        sys.stdout.write(f"{change_as_text(registry.name, done)}\n")
        sys.stdout.flush()
    health, traffic = ask(args.api, "/health").get("traffic"), ask(args.api, "/metrics").get("traffic")
    reading = reading_of(traffic, to_find) if traffic else None
    if args.json:
        told = {"tags": dict(state.traffic), "production": state.current, "challenger": challenger}
        told |= {"health": health, "traffic": traffic, "reading": asdict(reading) if reading else None}
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
    elif traffic and reading:
        sys.stdout.write(f"{_heading(traffic, args.api)}\n\n{traffic_as_text(traffic, reading)}")
    else:
        sys.stdout.write(f"{_nobody(health, args.api)}\n")
    return 0


def _heading(traffic: dict[str, Any], address: str) -> str:
    since = traffic["since_seconds"]
    counted = "nothing counted yet" if since is None else f"counted for {_duration(since)}"
    return (
        f"{address} gives {traffic['challenger_share']} of the callers to the Challenger and shadows "
        f"{traffic['shadow_share']}; {counted}"
    )


def _duration(seconds: float) -> str:
    """Return a time with a unit in which it is not zero."""
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.1f} min"


def _nobody(health: Any, address: str) -> str:
    problem = health.get("problem") if isinstance(health, dict) else None
    return f"{address}: {problem or 'Production answers everyone'}"


def print_change(registry: Registry, done: TrafficChange, args: argparse.Namespace) -> int:
    """Print what came of a change and return the exit code."""
    for sentence in done.repaired:
        sys.stderr.write(f"warning: {sentence}\n")
    if args.json:
        sys.stdout.write(json.dumps(asdict(done), indent=2) + "\n")
    else:
        sys.stdout.write(f"{change_as_text(registry.name, done)}\n")
    return moves.EXIT_REFUSED if done.refusal else 0


def change_as_text(name: str, done: TrafficChange) -> str:
    """Return what came of a change as a sentence."""
    if done.refusal:
        return f"nothing was changed: {done.refusal}"
    versions = f"{CHALLENGER} is version {done.challenger or 'none'}, Production version {done.production or 'none'}"
    now = f"the traffic of {name}: {traffic_in_words(done.now)}"
    before = "" if done.now == done.before else f"; before: {traffic_in_words(done.before)}"
    return f"{now}{before}; {versions}"
