"""The leaderboard as a Markdown table."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from benchmarks.leaderboard.contenders import Contender
from benchmarks.leaderboard.protocol import HEADLINE_SEED
from benchmarks.leaderboard.runs import Trial

QUALITY = {
    "ndcg": "nDCG@10",
    "map": "MAP",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "novelty": "novelty",
    "diversity": "diversity",
    "popularity_bias": "pop. bias",
}
"""Metrics of `benchmarks.leaderboard.protocol.judge` by their headings."""


@dataclass(frozen=True, eq=False)
class Result:
    """All trials of a contender, and the quality of each, by the seed of the split."""

    contender: Contender
    trials: Mapping[int, Trial]
    quality: Mapping[int, Mapping[str, float]]

    @property
    def cells(self) -> list[str]:
        """Return the row of the table."""
        headline = self.quality[HEADLINE_SEED]
        others = [quality["ndcg"] for seed, quality in self.quality.items() if seed != HEADLINE_SEED]
        trials = self.trials.values()
        name = f"**{self.contender.name}**" if self.contender.is_ours else self.contender.name
        return [
            name,
            *(f"{headline[metric]:.4f}" for metric in ("ndcg", "map", "precision", "recall")),
            f"{mean(others):.4f}" if others else "",
            *(f"{headline[metric]:.2f}" for metric in ("coverage", "novelty", "diversity", "popularity_bias")),
            seconds(median(trial.fit_seconds for trial in trials)),
            seconds(median(trial.recommend_seconds for trial in trials)),
            f"{median(trial.peak_mb for trial in trials):.0f}",
        ]


def render(results: Sequence[Result], *, on: str, one_core: bool = False) -> str:
    """Return the table, best nDCG first, with the parameters of each and the machine below."""
    head, tail = list(QUALITY.values())[:4], list(QUALITY.values())[4:]
    headings = ["method", *head, "nDCG, other seeds", *tail, "fit s", "all users s", "peak MB"]
    ranked = sorted(results, key=lambda result: -result.quality[HEADLINE_SEED]["ndcg"])
    rows = [result.cells for result in ranked]
    params = "; ".join(f"{result.contender.name} ({result.contender.params})" for result in ranked)
    return "\n".join(
        (
            table(headings, rows),
            "",
            f"Parameters: {params}.",
            "",
            f"Data: {on}.",
            "",
            f"Machine: {machine()}{', one core each' * one_core}.",
        )
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, numbers to the right."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def seconds(value: float) -> str:
    """Return a duration with two significant digits or so."""
    return f"{value:.3f}" if value < 1 else f"{value:.1f}"


def machine() -> str:
    """Return the processor, the number of cores, how busy they are, the system and the version of Python."""
    cpuinfo = Path("/proc/cpuinfo")
    names = [
        line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
    ]
    load = os.getloadavg()[1]
    name = names[0] if names else platform.processor() or platform.machine()
    python = platform.python_version()
    return f"{name}, {os.cpu_count()} cores, load average {load:.1f}, {platform.system()}, Python {python}"
