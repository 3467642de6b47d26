"""The flags of a filter: one a field, several values by commas."""

import argparse
from collections.abc import Callable

from recsys.errors import ParameterError
from recsys.filter import MovieFilter, as_filter

_MEANINGS = {
    "genres": "only movies of at least one of these genres, separated by commas",
    "not_genres": "no movies of any of these genres, separated by commas",
    "year_from": "only movies of this year or later",
    "year_to": "only movies of this year or earlier",
    "exclude_movie_ids": "not these movies, ids separated by commas",
    "candidate_movie_ids": "only these movies, ids separated by commas",
}


def add_filter_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each field of `MovieFilter`."""
    types: dict[str, Callable[[str], object]] = {"year_from": int, "year_to": int}
    for name, meaning in _MEANINGS.items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=types.get(name, _parts), metavar="VALUES", help=meaning)


def filter_of(args: argparse.Namespace) -> MovieFilter | None:
    """Return the filter that the flags ask for, None for none.

    Raises
    ------
    ParameterError
        When a value does not fit; the message names the field.
    """
    given = {name: value for name in _MEANINGS if (value := getattr(args, name)) is not None}
    for name in ("exclude_movie_ids", "candidate_movie_ids"):
        if name in given:
            given[name] = [_movie_id(text, name) for text in given[name]]
    return as_filter(given) if given else None


def _movie_id(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        flag = name.replace("_", "-")
        raise ParameterError(f"--{flag}: {text!r} is not a movie id; give ids separated by commas") from None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
