"""``python -m training``: the commands and their flags."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NoReturn

from recsys.errors import ParameterError, RecsysError, did_you_mean
from recsys.settings import Settings, read_settings
from training.quiet import leave_busy_cores_alone, quiet_libraries
from training.steps import show_steps

COMMANDS = {
    "download": "fetch MovieLens 100K from GroupLens",
    "train": "train, evaluate, track and register a model",
    "evaluate": "show how a method does on a holdout, without tracking anything",
    "recommend": "write recommendations for a file of histories",
    "versions": "show the registered versions, or the history of the served alias",
    "promote": "let the served alias point to a version",
    "rollback": "let the served alias point to the version before",
    "traffic": "let the Challenger answer a share of the callers before it is promoted",
    "compare": "compare two versions on one holdout",
    "up": "train and promote a first version, if nothing is served yet",
    "retrain": "train, and promote if the gate lets it pass",
    "schedule": "retrain by the clock",
    "sweep": "search for the best parameters of a method",
    "ui": "open the training runs in MLflow",
}
"""Each command and what it does; each is a module of `training.commands`."""

EXIT_FAILED, EXIT_USAGE = 1, 2
RETRIES = "3"
"""How often a request to a tracking server is tried again, for about 15 seconds; MLflow's own 7 take four minutes."""


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests what may have been meant."""

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Return the arguments, or end with a suggestion for the first that is unknown.

        ``mlflow run -P data_dir=X`` passes on a parameter that `MLproject` does not list as ``--data_dir X``.
        """
        namespace, unknown = self.parse_known_args([_with_hyphens(word) for word in argv])
        if unknown:
            flag = unknown[0].split("=")[0]
            known = [name for name in self._option_string_actions if name.startswith("--")]
            self.error(f"there is no argument {flag}{did_you_mean(flag, known)}")
        return namespace

    def error(self, message: str) -> NoReturn:
        """Print the message and where to find help, and exit with 2."""
        sys.stderr.write(f"error: {message}\ntry: {self.prog} --help\n")
        raise SystemExit(EXIT_USAGE)


def _with_hyphens(word: str) -> str:
    flag, equals, value = word.partition("=")
    return f"{flag.replace('_', '-')}{equals}{value}" if word.startswith("--") else word


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 called in a wrong way."""
    if not argv or argv[0] in ("-h", "--help"):
        sys.stdout.write(overview())
        return 0 if argv else EXIT_USAGE
    try:
        command = argv[0]
        if command not in COMMANDS:
            raise ParameterError(f"there is no command {command!r}{did_you_mean(command, COMMANDS)}")
        settings = read_settings()
        quiet_libraries()
        leave_busy_cores_alone()
        show_steps()
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", RETRIES)
        return run_command(command, argv[1:], settings)
    except RecsysError as error:
        sys.stderr.write(f"error: {error}\n")
        drop_prepared()
        return EXIT_USAGE if isinstance(error, ParameterError) else EXIT_FAILED
    except SystemExit as end:
        if end.code == EXIT_USAGE:  # by the parser, for a flag or its value
            drop_prepared()
        raise


def drop_prepared() -> None:
    """Remove the run that ``mlflow run`` has prepared, if the command has not begun it; MLflow is imported for that."""
    if run_id := os.environ.get("MLFLOW_RUN_ID"):
        module = import_module("training.prepared_run")
        module.drop_prepared_run(run_id, os.environ.get("MLFLOW_TRACKING_URI"))


def run_command(command: str, argv: Sequence[str], settings: Settings) -> int:
    """Parse the flags of a command and run it; only its own module is imported."""
    module = import_module(f"training.commands.{command}")
    parser = Parser(
        prog=f"python -m training {command}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser, settings)
    run: Callable[[argparse.Namespace, Settings], int] = module.run
    return run(parser.parse(argv), settings)


def overview() -> str:
    """Return the text of ``python -m training --help``."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {purpose}" for name, purpose in COMMANDS.items()]
    return "\n".join(
        [
            "usage: python -m training COMMAND [flags]",
            "",
            *lines,
            "",
            "python -m training COMMAND --help tells the flags of a command.",
            "MLFLOW_TRACKING_URI names the tracking server; without it, runs go to mlflow.db in this folder.",
            "",
        ]
    )
