"""Which data the benchmarks run on."""

import argparse
from pathlib import Path

from recsys.data import Dataset
from recsys.data.locate import find_dataset
from recsys.settings import read_settings


def add_data_dir(parser: argparse.ArgumentParser) -> None:
    """Add ``--data-dir``."""
    parser.add_argument("--data-dir", type=Path, help="a MovieLens dataset (default: RECSYS_DATA__DIR, then ml-100k)")


def open_data(data_dir: Path | None) -> tuple[Dataset, Path]:
    """Return the dataset and its place, as a process in any folder finds it; an empty ml-100k is downloaded."""
    settings = read_settings()
    place = data_dir or settings.data.dir
    dataset = find_dataset(place, explicit=data_dir is not None or settings.data.is_place_named)
    return dataset, place.resolve() if place.exists() else place  # neither the sample nor a bucket is a folder
