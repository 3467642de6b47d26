"""Fetch MovieLens 100K from GroupLens, check it, and show its license."""

import argparse
import sys
from pathlib import Path

from recsys.data.download import download_ml100k, usage_license
from recsys.data.places.buckets import is_bucket
from recsys.errors import ParameterError
from recsys.settings import Settings
from training.commands.shared_flags import show_license


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    parser.add_argument(
        "--data-dir",
        default=str(settings.data.dir),
        metavar="DIR",
        help=f"where to put it; default: RECSYS_DATA__DIR, now {settings.data.dir}",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:  # noqa: ARG001
    """Download and return 0."""
    if is_bucket(args.data_dir):
        raise ParameterError(f"MovieLens cannot be downloaded into {args.data_dir}; name a folder with --data-dir")
    folder = download_ml100k(Path(args.data_dir))
    show_license(usage_license(folder))
    sys.stdout.write(f"MovieLens 100K is in {folder}\n")
    return 0
