"""``python -m benchmarks`` lists the benchmarks, ``python -m benchmarks NAME`` runs one."""

import importlib
import signal
import sys
from collections.abc import Sequence

from recsys.errors import RecsysError

BENCHMARKS = {
    "leaderboard": "benchmarks.leaderboard.command",
    "tune-peers": "benchmarks.leaderboard.tuning",
    "search": "benchmarks.search",
    "histories": "benchmarks.histories",
    "cold-start": "benchmarks.cold_start",
    "large": "benchmarks.large",
    "growth": "benchmarks.growth",
    "simulate": "benchmarks.simulation",
    "reading": "benchmarks.reading",
    "similar": "benchmarks.similar",
    "serving": "benchmarks.serving.command",
    "changeover": "benchmarks.serving.changeover",
    "core": "benchmarks.core",
}
"""Modules with a ``main(arguments) -> exit code``; the first line of the docstring is shown in the list."""


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in BENCHMARKS:
        print(__doc__, *map(describe, BENCHMARKS), sep="\n")
        return 0 if arguments in ([], ["--help"]) else 2
    name, *rest = arguments
    # As an exception, so that the servers and children that a benchmark has started are ended with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        status: int = importlib.import_module(BENCHMARKS[name]).main(rest)
    except RecsysError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"error: {name} needs {error.name}, which only development installs; type: make dev", file=sys.stderr)
        return 1
    return status


def describe(name: str) -> str:
    """Return a line of the list."""
    module = importlib.import_module(BENCHMARKS[name])
    return f"  {name:<12} {(module.__doc__ or '').splitlines()[0]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
