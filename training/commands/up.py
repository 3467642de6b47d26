"""Train and promote a first version, if nothing is served yet; what `make up` does before it starts the service.

With --data-dir, that folder is remembered in .env, from which every command reads it. Where a version of other data is
served, the one of these data is trained, and promoted by the same checks as `promote`: it then needs --force. A version
of the built-in sample is always replaced, since its ratings are invented.

exit codes: 0 something is served; 1 failed; 2 called in a wrong way; 3 nothing could be promoted
"""

import argparse
import sys

from recsys.alias.move import Move
from recsys.data import Dataset
from recsys.env_file import remember
from recsys.model_version import ModelVersion
from recsys.registry import Registry, registry_of
from recsys.settings import Settings
from recsys.splits import SplitParams
from training.choice import Choice
from training.commands import shared_flags
from training.commands.moves import EXIT_REFUSED, move_as_text
from training.commands.retrain import default_recipe
from training.data_check import data_of
from training.promotion import promote
from training.sample_rule import is_of_sample
from training.train import train

UNNAMED = frozenset(f"ml-{family}" for family in ("csv", "recbole", "parquet"))
"""What `recsys.data` calls data whose place has no name of MovieLens."""

WHY = "make up"
WHY_NOT_SAMPLE = "make up: ratings of your own replace the invented ones of the built-in sample"


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    shared_flags.add_data_flag(parser, settings)
    parser.add_argument("--force", action="store_true", help="serve the version of these data instead of one of others")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """See to it that a version is served, say which one, and return the exit code."""
    registry, alias = registry_of(settings), settings.model.alias
    served = registry.aliased(alias)
    if served and not args.data_dir:
        _say(f"{alias} is {_described(served)}; make train makes a newer one.")
        _tell_of_other_data(served, settings)
        return 0
    dataset = shared_flags.dataset_of(args, settings)
    if args.data_dir:
        _remember(args)
    if served and served.tags.get("dataset_digest") == dataset.digest:
        _say(f"{alias} is {_described(served)}, trained on these data; make train makes a newer one.")
        return 0
    version = _version_of(dataset, registry, alias, shared_flags.data_flags_of(args, settings, dataset))
    why, force = WHY, args.force
    if served and is_of_sample(served):
        _say(f"{alias} is {_described(served)}, the built-in sample of invented ratings: replaced without --force.")
        why, force = WHY_NOT_SAMPLE, True
    done = promote(registry, alias, Choice(version, why), force=force)
    return _report(done, version, served, alias)


def _remember(args: argparse.Namespace) -> None:
    """Write where the data are, and how they are to be read, into .env."""
    values = {"DIR": args.data_dir, "DUPLICATES": args.duplicates, "UNKNOWN_MOVIES": args.unknown_movies}
    for name, value in {**values, "SCALE": args.scale}.items():
        if value and remember(f"RECSYS_DATA__{name}", value):
            _say(f"RECSYS_DATA__{name}={value} is now in .env, from which every command reads it.")


def _tell_of_other_data(served: ModelVersion, settings: Settings) -> None:
    """Say so when the data that the commands read have another name than those of the served version."""
    configured, trained_on = settings.data.dir, served.tags.get("dataset", "")
    named = {part.split(".")[0] for part in configured.parts}
    if trained_on in UNNAMED and not any(name.startswith("ml-") for name in named):
        return  # Such data have the name of their format, whichever place they come from.
    if settings.data.is_place_named and trained_on not in named:
        _say(f"note: RECSYS_DATA__DIR is {settings.data.dir}; to serve a model of it: make up DATA={settings.data.dir}")


def _version_of(dataset: Dataset, registry: Registry, alias: str, data_flags: dict[str, str]) -> ModelVersion:
    """Return the newest version of these data, trained now where there is none."""
    for version in registry.versions():
        if version.tags.get("dataset_digest") == dataset.digest:
            return version
    return train(dataset, default_recipe(), SplitParams(), registry, alias=alias, data_flags=data_flags).version


def _report(done: Move, version: ModelVersion, served: ModelVersion | None, alias: str) -> int:
    _say(move_as_text(done, version.version, alias))
    if not done.refusal:
        return 0
    if served is None:
        return EXIT_REFUSED
    _say(f"{alias} stays {_described(served)}; make up DATA=... FORCE=1 serves version {version.version} instead.")
    return 0


def _described(version: ModelVersion) -> str:
    return f"version {version.version} ({version.tags.get('method', 'method unknown')} on {data_of(version)})"


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
