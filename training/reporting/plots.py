"""The pictures of a run. Matplotlib without a display: figures are made, never shown."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from recsys.evaluation.report import CUTOFFS, Evaluation
from recsys.model import Recommender
from recsys.titles import display_title

MODEL_COLOR, BASELINE_COLOR = "#1f5f99", "#b0b7bf"
CURVES = ("ndcg", "map", "precision", "recall", "hit_rate", "mrr")
MAP_MOVIES = 40


def metric_curves(evaluation: Evaluation, baseline: Evaluation, method: str) -> Figure:
    """Return six small plots of a metric over the length of the list, the baseline beside the model."""
    figure = Figure(figsize=(11, 6), layout="constrained")
    for axes, metric in zip(figure.subplots(2, 3).flat, CURVES, strict=True):
        for numbers, label, color in ((evaluation, method, MODEL_COLOR), (baseline, "popularity", BASELINE_COLOR)):
            values = [numbers.metrics[f"{metric}_at_{cutoff}"] for cutoff in CUTOFFS]
            axes.plot(CUTOFFS, values, marker="o", color=color, label=label)
        axes.set_title(metric.replace("_", " "))
        axes.set_xticks(CUTOFFS)
        axes.set_ylim(bottom=0)
        _plain(axes)
    figure.axes[0].legend(frameon=False)
    figure.supxlabel("length of the list")
    return figure


def user_histogram(evaluation: Evaluation, baseline: Evaluation, method: str) -> Figure:
    """Return how nDCG@10 is spread over the users."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    bins = np.linspace(0, 1, 21).tolist()
    for numbers, label, color in ((baseline, "popularity", BASELINE_COLOR), (evaluation, method, MODEL_COLOR)):
        mean = numbers.user_ndcg_at_10.mean()
        axes.hist(numbers.user_ndcg_at_10, bins=bins, color=color, alpha=0.65, label=f"{label} (mean {mean:.3f})")
        axes.axvline(mean, color=color, linestyle="--")
    axes.set_xlabel("nDCG@10 of a user")
    axes.set_ylabel("users")
    axes.legend(frameon=False)
    _plain(axes)
    return figure


def long_tail(evaluation: Evaluation, baseline: Evaluation, popularity: np.ndarray, method: str) -> Figure:
    """Return how the lists of ten spread over the catalog, against how the ratings do.

    Parameters
    ----------
    popularity
        int64, (n_items,), ratings per movie in train.
    """
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    order = np.argsort(-popularity, kind="stable")
    share = np.arange(1, len(order) + 1) / len(order)
    axes.plot(share, _cumulative(popularity[order]), color="black", linestyle=":", label="ratings in train")
    for numbers, label, color in ((evaluation, method, MODEL_COLOR), (baseline, "popularity", BASELINE_COLOR)):
        shown = numbers.item_indices[:, :10]
        exposure = np.bincount(shown[shown >= 0], minlength=len(order))
        axes.plot(share, _cumulative(exposure[order]), color=color, label=f"recommended by {label}")
    axes.set_xlabel("share of the catalog, most-rated movies first")
    axes.set_ylabel("share of all ratings or recommendations")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(frameon=False, loc="lower right")
    _plain(axes)
    return figure


def similarity_map(model: Recommender) -> Figure:
    """Return the similarities among the most-rated movies as a matrix, like next to like."""
    rows, similarity = best_known_similarity(model)
    titles = [textwrap.shorten(display_title(model.catalog.titles[row]), 40, placeholder="…") for row in rows]
    figure = Figure(figsize=(12, 10.5), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(similarity, cmap="Blues", vmin=float(np.nanquantile(similarity, 0.05)))
    axes.set_xticks(range(len(titles)), titles, rotation=90, fontsize=7)
    axes.set_yticks(range(len(titles)), titles, fontsize=7)
    axes.set_title(f"Similarity among the {len(titles)} most-rated movies")
    figure.colorbar(image, ax=axes, shrink=0.7, label="similarity")
    return figure


def best_known_similarity(model: Recommender) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the most-rated movies, like next to like, and how similar they are to one another.

    Returns
    -------
    (item_indices, similarities): int64, (n,), and float32, (n, n), NaN on the diagonal.
    """
    best_known = np.sort(np.argsort(-model.popularity, kind="stable")[:MAP_MOVIES])
    similarity = model.item_similarity.block(best_known, best_known).copy()
    order = _chained(similarity)
    np.fill_diagonal(similarity, np.nan)
    return best_known[order], similarity[np.ix_(order, order)]


def _chained(similarity: np.ndarray) -> list[int]:
    """Return an order in which each movie follows its most similar predecessor: a greedy path through the matrix."""
    order = [0]
    left = set(range(1, len(similarity)))
    while left:
        follower = max(sorted(left), key=lambda row: similarity[order[-1], row])
        order.append(follower)
        left.remove(follower)
    return order


def _cumulative(counts: np.ndarray) -> np.ndarray:
    return np.asarray(np.cumsum(counts) / max(counts.sum(), 1))


def _plain(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
