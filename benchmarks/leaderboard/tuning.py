"""The search for the peers' parameters, on a validation part of the training ratings only.

Every combination of a contender's grid is fitted on three quarters of the training part of seed 42 and judged by the
rest of it. What wins here stands in `benchmarks.leaderboard.contenders`; the leaderboard's test ratings are not used.
"""

import argparse
import itertools
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from tqdm import tqdm

from benchmarks.data import add_data_dir, open_data
from benchmarks.leaderboard.contenders import CONTENDERS, Contender
from benchmarks.leaderboard.protocol import HEADLINE_SEED, judge, leaderboard_split
from benchmarks.leaderboard.runs import run_trial
from benchmarks.leaderboard.table import table
from recsys.splits import SplitParams, split

SHOWN = 3


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks tune-peers", description=__doc__)
    add_data_dir(parser)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="contenders whose names hold one of these")
    options = parser.parse_args(arguments)
    dataset, folder = open_data(options.data_dir)
    validation = split(leaderboard_split(dataset, folder, HEADLINE_SEED).train, SplitParams(seed=HEADLINE_SEED))
    rows: list[list[str]] = []
    for contender in CONTENDERS:
        if contender.grid and (not options.only or any(name in contender.name for name in options.only)):
            found = []
            for settings in tqdm(list(combinations(contender)), desc=contender.name, file=sys.stderr, disable=None):
                trial = run_trial(contender, validation.train, settings)
                if trial is not None:
                    found.append((judge(validation, trial.item_indices)["ndcg"], settings))
            best = sorted(found, key=lambda pair: -pair[0])[:SHOWN]
            rows += [[contender.name, f"{ndcg:.4f}", _tried(contender, settings)] for ndcg, settings in best]
    print(table(["method", "nDCG@10 on the validation part", "parameters"], rows))
    return 0


def combinations(contender: Contender) -> Iterator[dict[str, Any]]:
    """Yield the settings of a contender with each combination of the values of its grid."""
    for values in itertools.product(*contender.grid.values()):
        yield {**contender.settings, **dict(zip(contender.grid, values, strict=True))}


def _tried(contender: Contender, settings: dict[str, Any]) -> str:
    return ", ".join(f"{name}={settings[name]}" for name in contender.grid)
