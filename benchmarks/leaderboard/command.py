"""Our methods beside their peers on any dataset: quality, speed and memory in one table.

Each contender runs once on the split of each seed, in a process of its own, and the contenders take turns, so that a
busy moment of the machine hits no one alone. Quality is that of seed 42; times and memory are medians over all seeds.
A temporal split knows no chance and has no seeds. Every held-out rating is relevant, and our methods count everything
rated alike, as that protocol wants it; the rows "as served" weigh histories as the service does by default.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from benchmarks.data import add_data_dir, open_data
from benchmarks.leaderboard.contenders import CONTENDERS, Contender
from benchmarks.leaderboard.protocol import HEADLINE_SEED, OTHER_SEEDS, judge, leaderboard_split
from benchmarks.leaderboard.runs import Trial, run_trial
from benchmarks.leaderboard.table import Result, render
from recsys.splits import Split, SplitParams, split


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks leaderboard", description=__doc__)
    add_data_dir(parser)
    parser.add_argument(
        "--split",
        choices=("random", "temporal"),
        default="random",
        help="hold out a quarter of each movie's ratings, or the latest quarter of all",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="contenders whose names hold one of these")
    parser.add_argument("--fast", action="store_true", help="leave out those that take minutes")
    parser.add_argument("--one-core", action="store_true", help="hold every contender to one thread on one core")
    parser.add_argument("--out", type=Path, help="write the table here as well, and its numbers beside it as .json")
    options = parser.parse_args(arguments)
    dataset, folder = open_data(options.data_dir)
    if options.split == "temporal":
        splits = {HEADLINE_SEED: split(dataset, SplitParams(strategy="temporal"))}
    else:
        splits = {seed: leaderboard_split(dataset, folder, seed) for seed in (HEADLINE_SEED, *OTHER_SEEDS)}
    chosen = [contender for contender in CONTENDERS if _is_chosen(contender, options.only, fast=options.fast)]
    results = compete(chosen, splits, one_core=options.one_core)
    text = render(results, on=f"{dataset.name}, {options.split} split", one_core=options.one_core)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
        options.out.with_suffix(".json").write_text(json.dumps(_numbers(results), indent=1), encoding="utf-8")
    return 0


def compete(contenders: Sequence[Contender], splits: dict[int, Split], *, one_core: bool) -> list[Result]:
    """Return the results of all contenders that could be installed and ran through."""
    turns = [
        (seed, contender) for seed in splits for contender in contenders if seed == HEADLINE_SEED or not contender.once
    ]
    trials: dict[str, dict[int, Trial]] = {contender.name: {} for contender in contenders}
    failed: set[str] = set()
    for seed, contender in tqdm(turns, file=sys.stderr, disable=None):
        trial = None if contender.name in failed else run_trial(contender, splits[seed].train, one_core=one_core)
        if trial is None:
            failed.add(contender.name)
        else:
            trials[contender.name][seed] = trial
    return [
        Result(contender, found, {seed: judge(splits[seed], trial.item_indices) for seed, trial in found.items()})
        for contender in contenders
        if HEADLINE_SEED in (found := trials[contender.name])
    ]


def _is_chosen(contender: Contender, only: list[str] | None, *, fast: bool) -> bool:
    wanted = only is None or any(part.lower() in contender.name.lower() for part in only)
    return wanted and not (fast and contender.once)


def _numbers(results: Sequence[Result]) -> list[dict[str, object]]:
    return [
        {
            "contender": asdict(result.contender),
            "quality": result.quality,
            "seconds": {seed: (trial.fit_seconds, trial.recommend_seconds) for seed, trial in result.trials.items()},
            "peak_mb": {seed: trial.peak_mb for seed, trial in result.trials.items()},
        }
        for result in results
    ]
