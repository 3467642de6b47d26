"""Train a new version and let the gate decide whether it is promoted; else it is Challenger, unless another is better.

Only one retraining runs at a time, and where data, recipe, seed and code are those of Production it does nothing. The
gate compares the data with those of Production, and the new version with Production as it is served, on ratings that
neither has seen; its checks stand in the run as a table, tags and a picture. A check is switched off by "off":
--min-ratings-kept off.

exit codes: 0 trained, whether promoted or not, or nothing new; 1 failed, also when another retraining runs; 2 called in
a wrong way; 143 ended by SIGTERM
"""

import argparse
import json
import signal
import sys
from types import FrameType

from loguru import logger

from recsys.errors import ParameterError
from recsys.fitting import Recipe
from recsys.logs import set_up_logs
from recsys.methods import get_method, make_params
from recsys.registry import registry_of
from recsys.settings import Settings
from recsys.traffic import CHALLENGER
from training.commands import shared_flags
from training.commands.gate_flags import add_gate_flags, gate_of
from training.commands.words import flag_of, word_of
from training.gating.verdict import Verdict
from training.reporting.console import text_listing
from training.retrain import NothingNew, Retrained, Trigger, retrain

TRIGGERS: tuple[Trigger, ...] = ("manual", "schedule")
LOGS = ("text", "json")


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    shared_flags.add_data_flag(parser, settings)
    shared_flags.add_recipe_flags(parser, default="", default_is="the recipe of Production", default_split="")
    add_gate_flags(parser)
    add_retrain_flags(parser)
    parser.add_argument("--trigger", default="manual", help="manual or schedule: how the run is tagged")
    parser.add_argument("--force", action="store_true", help="train although an equal version is served already")
    parser.add_argument("--log", default="text", help="text or json: how the log is written; default: text")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")


def add_retrain_flags(parser: argparse.ArgumentParser) -> None:
    """Add ``--auto-promote`` and ``--keep``."""
    parser.add_argument(
        "--auto-promote",
        default="true",
        metavar="true|false",
        help="whether the new version may be promoted without a person when the gate lets it pass; default: true",
    )
    parser.add_argument(
        "--keep",
        default="all",
        metavar="N|all",
        help="afterwards delete versions older than the newest N from the registry; never those with an alias, in the "
        "last five entries of the history, or tagged keep; runs stay; default: all",
    )


def keep_of(args: argparse.Namespace) -> int | None:
    """Return how many versions are to stay, None for all.

    Raises
    ------
    ParameterError
        When it is neither a number from 1 nor ``all``.
    """
    if args.keep.lower() == "all":
        return None
    if not args.keep.isdecimal() or int(args.keep) < 1:
        raise ParameterError(f"--keep {args.keep}: use a number from 1, or all")
    return int(args.keep)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Retrain, print what came of it, and return 0."""
    signal.signal(signal.SIGTERM, _end)
    auto_promote = flag_of("--auto-promote", args.auto_promote)
    trigger, log = word_of("--trigger", args.trigger, TRIGGERS), word_of("--log", args.log, LOGS)
    gate, keep = gate_of(args), keep_of(args)
    if args.split:
        shared_flags.split_of(args)  # a wrong word is told before the data are read
    recipe = shared_flags.recipe_from_flags(args) if args.method else None
    if args.params and recipe is None:
        raise ParameterError("--params needs --method, as a method's parameters mean nothing to another")
    if log == "json":
        set_up_logs(settings.logging.level, as_json=True)
    dataset = shared_flags.dataset_of(args, settings)
    done = retrain(
        dataset,
        recipe,
        shared_flags.split_for(args, dataset),
        registry_of(settings),
        alias=settings.model.alias,
        default_recipe=default_recipe(),
        gate=gate,
        trigger=trigger,
        auto_promote=auto_promote,
        force=args.force,
        keep=keep,
        data_flags=shared_flags.data_flags_of(args, settings, dataset),
    )
    report(done, args, settings)
    return 0


def report(done: Retrained | NothingNew, args: argparse.Namespace, settings: Settings) -> None:
    """Print what came of a retraining; among JSON log lines as one of them."""
    if args.json:
        sys.stdout.write(json.dumps(outcome(done, settings.model.alias), indent=2) + "\n")
    elif args.log == "json":
        logger.info("{}", sentence(done, settings))
    else:
        sys.stdout.write(sentence(done, settings) + "\n")


def default_recipe() -> Recipe:
    """Return the recipe of the very first version."""
    method = get_method(shared_flags.DEFAULT_METHOD)
    return Recipe(method.name, make_params(method, {}))


def outcome(done: Retrained | NothingNew, alias: str) -> dict[str, object]:
    """Return what came of a retraining as JSON takes it."""
    if isinstance(done, NothingNew):
        return {"version": None, "promoted": False, "nothing_new": done.sentence}
    return {
        "version": done.version.version,
        "run_id": done.version.run_id,
        "promoted": done.promoted,
        "alias": alias if done.promoted else None if done.challenger_kept else CHALLENGER,
        "gate": done.verdict.as_json(),
        "refusal": done.move.refusal if done.move else "",
        "deleted": list(done.deleted),
    }


def sentence(done: Retrained | NothingNew, settings: Settings) -> str:
    """Return what came of a retraining as text."""
    if isinstance(done, NothingNew):
        return done.sentence
    alias = settings.model.alias
    lines = [verdict_as_text(done.verdict), *(f"note: {note}" for note in done.verdict.notes)]
    what = f"{done.version.name} version {done.version.version} (run {done.version.run_id})"
    if done.promoted:
        lines.append(f"{what} is now {alias}")
    else:
        refusal = done.move.refusal if done.move else "automatic promotion is switched off"
        why = f"; {refusal}" if done.verdict.promote else ""
        role = "is registered" if done.challenger_kept else f"is {CHALLENGER}"
        lines.append(f"{what} {role}{why}; to promote it: python -m training promote {done.version.version}")
        lines += [done.challenger_kept] if done.challenger_kept else []
    if done.deleted:
        lines.append(f"deleted old versions from the registry, their runs stay: {', '.join(map(str, done.deleted))}")
    return "\n".join(lines)


def verdict_as_text(verdict: Verdict) -> str:
    """Return the checks as a table, and the verdict below it."""
    rows = [
        (check.name, check.status, _number(check.number), _number(check.threshold), check.sentence)
        for check in verdict.checks
    ]
    return (
        text_listing(("check", "status", "number", "threshold", "what it says"), rows) + f"\ngate: {verdict.sentence}"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _end(_signal: int, _frame: FrameType | None) -> None:
    """End by an exception, so that the lock is given back and the run is marked as failed."""
    raise SystemExit(128 + signal.SIGTERM)
