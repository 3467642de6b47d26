"""Retrain by the clock: each run is a process of its own (python -m training retrain), and never two run at once.

The log goes to stdout, a JSON line each, those of the runs as well. A failed run is logged, and the next one comes. A
run that was missed while this process was not there is caught up on at the start, once. SIGTERM ends it and its run.

exit codes: 0 ended by SIGTERM or an interrupt, or shown; 2 called in a wrong way
"""

import argparse
import signal
import sys
from datetime import UTC, datetime
from types import FrameType

from loguru import logger

from recsys.errors import RegistryError
from recsys.logs import set_up_logs
from recsys.registry import Registry, registry_of
from recsys.settings import Settings
from training.commands import shared_flags
from training.commands.gate_flags import FLAGS, add_gate_flags, gate_of
from training.commands.retrain import add_retrain_flags, keep_of
from training.commands.words import flag_of
from training.project_run import chosen_experiment
from training.scheduling.child import Child
from training.scheduling.cron import Cron, parse_cron
from training.scheduling.last_run import last_scheduled_run, last_trained
from training.scheduling.schedule import RetrainSchedule, missed_firing

WEEKLY = "0 2 * * 0"
PATIENCE_SECONDS = 8.0
"""How long a run may take to end; Docker kills after ten."""
PASSED_ON = (
    *("data_dir", "duplicates", "unknown_movies", "scale"),
    *("method", "params", "seed", "split", "holdout_ratio", "auto_promote", "keep", *FLAGS),
)


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    parser.add_argument(
        "--cron",
        default=WEEKLY,
        metavar="'M H D M W'",
        help=f"minute, hour, day of month, month, weekday (0 or 7 is Sunday), local time; default: '{WEEKLY}'",
    )
    parser.add_argument(
        "--catch-up", default="true", metavar="true|false", help="make up for a missed run; default: true"
    )
    parser.add_argument("--show", action="store_true", help="show the next and the last run, and end")
    shared_flags.add_data_flag(parser, settings)
    shared_flags.add_recipe_flags(parser, default="", default_is="the recipe of Production", default_split="")
    add_gate_flags(parser)
    add_retrain_flags(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Retrain by the clock until SIGTERM, and return 0."""
    cron = parse_cron(args.cron)
    command = retrain_command(args)
    registry = registry_of(settings)
    if args.show:
        sys.stdout.write(shown(cron, registry))
        return 0
    set_up_logs(settings.logging.level, as_json=True)
    child = Child(command)
    schedule = RetrainSchedule(cron, child.run)
    stop_on_signals(schedule)
    schedule.start(missed(cron, registry) if flag_of("--catch-up", args.catch_up) else None)
    schedule.wait()
    logger.info("the schedule ends")
    child.stop(PATIENCE_SECONDS)
    schedule.join()
    return 0


def retrain_command(args: argparse.Namespace) -> list[str]:
    """Return the command of one run, after a check of the flags that it is given."""
    gate_of(args), keep_of(args), flag_of("--auto-promote", args.auto_promote)
    if args.split:
        shared_flags.split_of(args)
    if args.method:
        shared_flags.recipe_from_flags(args)
    flags = [f"--{name.replace('_', '-')}={getattr(args, name)}" for name in PASSED_ON]
    return [sys.executable, "-m", "training", "retrain", "--trigger=schedule", "--log=json", *flags]


def missed(cron: Cron, registry: Registry) -> datetime | None:
    """Return a firing that nobody was there for; None also when the tracking server cannot tell."""
    try:
        return missed_firing(cron, last_trained(registry, chosen_experiment(registry)), datetime.now(UTC))
    except RegistryError as error:
        logger.warning("whether a run was missed is not known: {}", error)
        return None


def shown(cron: Cron, registry: Registry) -> str:
    """Return the next and the last run as text."""
    following = cron.next_after(datetime.now(UTC))
    last = last_scheduled_run(registry, chosen_experiment(registry))
    run = f", run {last.run_id}" if last and last.run_id else ""
    ran = f"{_clock(last.started)}, {last.status}{run}" if last else "none yet"
    return f"next run: {_clock(following)}\nlast run: {ran}\n"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}"


def stop_on_signals(schedule: RetrainSchedule) -> None:
    """Stop the schedule on SIGTERM and on an interrupt."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        schedule.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
