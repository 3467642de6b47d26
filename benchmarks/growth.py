"""Growth of the fit beside the peers', from 1 to 32 million ratings: processor seconds, time and memory, with a plot.

Every fit runs in a process of its own, ours in this environment, the peers in one that is made for them. Results are
kept in a file and added to, so that the table can be made piece by piece:

    python -m benchmarks growth --sizes 25M --contenders item-knn sparse-dot-topn --results growth.json

Item-item methods keep 200 neighbors, ALS has 64 factors and 15 iterations; two threads each. The ratings are those of
`benchmarks.simulation`. lenskit needs torch, and is left out unless asked for.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from benchmarks.leaderboard.environments import python_of
from benchmarks.leaderboard.table import machine, table
from benchmarks.simulation import SIZES, simulated

ENVIRONMENTS = {
    "hybrid": "ours",
    "item-knn": "ours",
    "implicit-als": "growth",
    "implicit-cosine": "growth",
    "sparse-dot-topn": "growth",
    "lenskit-item-knn": "peers",
}
DEFAULT = [name for name, environment in ENVIRONMENTS.items() if environment != "peers"]
CHILD = Path(__file__).parent / "growth_child.py"
MEASURES = {"cpu": "processor seconds", "wall": "seconds", "gb": "peak memory, GB"}
OURS = ("hybrid", "item-knn")

Results = dict[str, dict[str, dict[str, float]]]
"""By size and contender; a fit that took too long or failed has no numbers."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks growth", description=__doc__)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["1M", "3M", "10M", "25M", "32M"])
    parser.add_argument("--contenders", nargs="+", choices=ENVIRONMENTS, default=DEFAULT)
    parser.add_argument("--results", type=Path, default=Path("growth.json"), help="read, and added to")
    parser.add_argument("--picture", type=Path, help="where to draw the plot, .png")
    parser.add_argument("--seconds", type=float, default=1800.0, help="longest time of a fit; default: 1800")
    parser.add_argument("--show", action="store_true", help="measure nothing, show what is in the file")
    options = parser.parse_args(arguments)
    found: Results = json.loads(options.results.read_text()) if options.results.exists() else {}
    for size in [] if options.show else options.sizes:
        with written(size) as path:
            for name in options.contenders:
                found.setdefault(size, {})[name] = measured(name, path, options.seconds)
                options.results.write_text(json.dumps(found, indent=1) + "\n")
                print(size, name, found[size][name], file=sys.stderr, flush=True)
    print(render(found))
    if options.picture is not None:
        draw(found).savefig(options.picture, dpi=120)
    return 0


@contextmanager
def written(size: str) -> Iterator[Path]:
    """Yield a file of the ratings of one size."""
    dataset = simulated(SIZES[size], rng=np.random.default_rng(42))
    with tempfile.TemporaryDirectory(prefix="growth-") as scratch:
        path = Path(scratch) / "ratings.npz"
        np.savez(
            path,
            starts=dataset.user_items.indptr,
            items=dataset.item_indices,
            stars=dataset.ratings,
            genres=dataset.catalog.genres,
            years=dataset.catalog.years,
        )
        del dataset
        yield path


def measured(name: str, path: Path, seconds: float) -> dict[str, float]:
    """Return what one fit took, nothing where it does not run or takes too long."""
    python = python_of(ENVIRONMENTS[name])
    if python is None:
        return {}
    command = ["-m", "benchmarks.growth_child"] if ENVIRONMENTS[name] == "ours" else [str(CHILD)]
    try:
        child = subprocess.run(
            [python, *command, name, path],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # they have threads of their own
        )
    except subprocess.TimeoutExpired:
        return {}
    if child.returncode:
        print(child.stderr[-500:], file=sys.stderr)
        return {}
    numbers: dict[str, float] = json.loads(child.stdout.splitlines()[-1])
    return numbers


def render(found: Results) -> str:
    """Return a table of each measure, a row for each contender."""
    sizes = [size for size in SIZES if size in found]
    names = [name for name in ENVIRONMENTS if any(name in found[size] for size in sizes)]
    parts = []
    for measure, title in MEASURES.items():
        rows = [[shown(name), *(cell(found[size].get(name, {}), measure) for size in sizes)] for name in names]
        parts.append(table([title, *sizes], rows))
    return "\n\n".join([*parts, f"Machine: {machine()}."])


def shown(name: str) -> str:
    return f"**{name}**" if name in OURS else name


def cell(numbers: Mapping[str, float], measure: str) -> str:
    return f"{numbers[measure]:.1f}" if measure in numbers else "—"


def draw(found: Results) -> Figure:
    """Return processor seconds and memory over the number of ratings, both logarithmic."""
    sizes = [size for size in SIZES if size in found]
    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), ("cpu", "gb"), strict=True):
        for number, name in enumerate(ENVIRONMENTS):
            points = [(millions(size), found[size][name][measure]) for size in sizes if found[size].get(name)]
            if points:
                width = 2.5 if name in OURS else 1.2
                axes.loglog(*zip(*points, strict=True), "o-", lw=width, ms=4, color=f"C{number}", label=name)
        axes.set_xlabel("ratings, millions")
        axes.set_title(f"a fit's {MEASURES[measure]}")
        axes.set_xticks([millions(size) for size in sizes], [f"{millions(size):g}" for size in sizes])
        axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
        axes.grid(alpha=0.3)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles), frameon=False, fontsize="small")
    return figure


def millions(size: str) -> float:
    return float(size.removesuffix("M")) if size.endswith("M") else float(size.removesuffix("K")) / 1000
