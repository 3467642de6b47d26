"""The search for default parameters: validation parts of training ratings only, over several datasets.

Each dataset is first cut down to its training part, that of seed 42 of the leaderboard for MovieLens 100K, so that no
test rating is ever looked at. Every combination of a grid is fitted on three quarters of that part and judged by its
nDCG@10 on the rest, for several seeds. Combinations are ranked by the mean over datasets of their nDCG relative to the
best one there, so that no dataset outweighs another. The defaults in `recsys.methods` are round numbers near the top.
"""

import argparse
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.data import add_data_dir, open_data
from benchmarks.leaderboard.protocol import HEADLINE_SEED, leaderboard_split
from benchmarks.leaderboard.table import table
from recsys.data import Dataset, open_dataset
from recsys.data.sample import sample_dataset
from recsys.evaluation.report import evaluate
from recsys.methods import get_method, make_params
from recsys.scorers import ItemScorer, PopularFallback
from recsys.splits import Split, SplitParams, split

GRIDS: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "item-knn": {
        "weighting": ("cosine", "tfidf", "bm25"),
        "shrinkage": (30.0, 100.0, 300.0),
        "n_neighbors": (50, 100, 200, 400),
    },
    "ease": {"l2": (100.0, 200.0, 350.0, 500.0, 700.0, 1000.0)},
    "spectral": {"balance": (0.2, 0.3, 0.4), "noise": (0.8, 1.0, 1.25)},
    "hybrid": {"balance": (0.2, 0.3, 0.4), "noise": (0.8, 1.0, 1.25), "content": (0.7, 1.0, 1.4)},
}
SHOWN = 5


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks search", description=__doc__)
    add_data_dir(parser)
    parser.add_argument("--also", type=Path, nargs="+", default=[], metavar="DIR", help="more MovieLens datasets")
    parser.add_argument("--methods", nargs="+", choices=GRIDS, default=list(GRIDS))
    parser.add_argument("--splits", type=int, default=3, help="validation splits of each dataset")
    options = parser.parse_args(arguments)
    datasets = training_parts(*open_data(options.data_dir), options.also)
    validation = {
        name: [split(part, SplitParams(seed=100 + number)) for number in range(options.splits)]
        for name, part in datasets.items()
    }
    for method in options.methods:
        settings = list(combinations(GRIDS[method]))
        quality = np.array(
            [[_ndcg(method, chosen, parts) for parts in validation.values()] for chosen in _shown(settings)]
        )
        print(f"\n{method}, {len(settings)} combinations, {options.splits} splits of each dataset\n")
        print(render(method, settings, quality, list(datasets)))
    return 0


def training_parts(dataset: Dataset, folder: Path, also: Sequence[Path]) -> dict[str, Dataset]:
    """Return the training parts by name: of the dataset whole and thinned in three ways, of the sample, of others."""
    on_protocol = (folder / "u.data").exists()
    train = leaderboard_split(dataset, folder, HEADLINE_SEED).train if on_protocol else _train(dataset)
    rng = np.random.default_rng(HEADLINE_SEED)
    some_users = rng.random(train.n_users) < 0.5
    best_known = np.argsort(-train.popularity, kind="stable")[: train.n_items // 8]
    return {
        dataset.name: train,
        "half the users": train.part(some_users[train.user_indices]),
        "without hits": train.part(~np.isin(train.item_indices, best_known)),
        "a third of the ratings": train.part(rng.random(train.n_ratings) < 1 / 3),
        "sample": _train(sample_dataset()),
        **{folder.name: _train(open_dataset(folder)) for folder in also},
    }


def _train(dataset: Dataset) -> Dataset:
    return split(dataset, SplitParams(seed=HEADLINE_SEED)).train


def combinations(grid: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Yield every combination of the values of a grid."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def _shown(settings: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return iter(tqdm(settings, file=sys.stderr, disable=None))


def _ndcg(name: str, settings: dict[str, Any], parts: Sequence[Split]) -> float:
    method = get_method(name)
    params = make_params(method, settings)
    values = []
    for part in parts:
        fitted = method.fit(part.train, params)
        scorer = PopularFallback(
            ItemScorer(fitted.item_weights, fitted.rating_exponent, min_rating=0), part.train.popularity
        )
        values.append(evaluate(scorer, part, cutoffs=(10,)).metrics["ndcg_at_10"])
    return float(np.mean(values))


def render(method: str, settings: Sequence[dict[str, Any]], quality: np.ndarray, names: Sequence[str]) -> str:
    """Return the best combinations and the defaults as a table; quality is float64, (n_settings, n_datasets)."""
    relative = (quality / quality.max(axis=0)).mean(axis=1)
    order = np.argsort(-relative, kind="stable")
    defaults = make_params(get_method(method), {}).model_dump()
    is_default = [all(defaults[name] == value for name, value in chosen.items()) for chosen in settings]
    rows = []
    for rank, index in enumerate(order.tolist(), start=1):
        if rank <= SHOWN or is_default[index]:
            values = ", ".join(f"{name}={value}" for name, value in settings[index].items())
            mark = f"**{rank}** (default)" if is_default[index] else str(rank)
            rows.append([mark, values, *(f"{value:.4f}" for value in quality[index]), f"{relative[index]:.4f}"])
    return table(["rank", "parameters", *names, "relative to the best, mean"], rows)
