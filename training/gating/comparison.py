"""Two versions side by side on one holdout: their metrics, and where their lists differ."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.errors import ParameterError
from recsys.evaluation.bootstrap import paired_bootstrap
from recsys.evaluation.ranking import RANKING_METRICS, find_hits
from recsys.evaluation.report import Evaluation
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.splits import Split
from recsys.titles import display_title
from training.gating.contest import measure
from training.gating.registered import open_registered

TOP_K = 10
N_SAMPLE_USERS = 5
SAME_LISTS = "every list is the same in both: versions of one recipe are fitted alike here, on the same training part"
WHOLE_LIST_METRICS = ("coverage", "novelty", "diversity", "popularity_bias")


@dataclass(frozen=True)
class Row:
    """One metric of both versions.

    Attributes
    ----------
    metric
        ``"ndcg_at_10"``.
    a, b
        Its value of each.
    difference, lower, upper
        b - a with its interval; the interval is None of metrics that are not a mean over users.
    """

    metric: str
    a: float
    b: float
    difference: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class UserLists:
    """The lists of one user: the titles in both, and in one of them only, best first."""

    user_id: int
    n_train: int
    both: tuple[str, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What sets two versions apart.

    Attributes
    ----------
    a, b
        What people call them.
    n_users
        Evaluated users.
    rows
        The metrics.
    overlap
        Mean share of the lists of ten that the two have in common.
    users
        A few users, from the least to the most active.
    notes
        How it was measured.
    """

    a: str
    b: str
    n_users: int
    rows: tuple[Row, ...]
    overlap: float
    users: tuple[UserLists, ...]
    notes: tuple[str, ...]


def compare(registry: Registry, a: ModelVersion, b: ModelVersion, parts: Split, *, seed: int = 0) -> Comparison:
    """Return how two versions differ on one holdout, both refitted on the training part.

    Raises
    ------
    ParameterError
        When one of them can neither be refitted nor be read.
    """
    label_a, ours, notes_a = _measured(registry, a, parts)
    label_b, theirs, notes_b = _measured(registry, b, parts)
    rows = (*_user_metrics(ours, theirs, parts, seed), *_list_metrics(ours, theirs))
    common = [len(np.intersect1d(*pair)) for pair in zip(_shown(ours), _shown(theirs), strict=True)]
    return Comparison(
        a=label_a,
        b=label_b,
        n_users=ours.n_users,
        rows=rows,
        overlap=float(np.mean(common) / TOP_K),
        users=_sample_users(ours, theirs, parts),
        notes=(*notes_a, *notes_b, *([SAME_LISTS] if np.array_equal(_shown(ours), _shown(theirs)) else [])),
    )


def _measured(registry: Registry, version: ModelVersion, parts: Split) -> tuple[str, Evaluation, tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as scratch:
        registered = open_registered(registry, version, Path(scratch))
        measured = measure(registered, parts)
    if measured.evaluation is None:
        raise ParameterError(f"version {version.version} cannot be measured: {measured.obstacle}")
    return registered.label, measured.evaluation, measured.notes


def _user_metrics(ours: Evaluation, theirs: Evaluation, parts: Split, seed: int) -> list[Row]:
    values_a, values_b = _per_user(ours, parts), _per_user(theirs, parts)
    rows = []
    for name, per_user in values_a.items():
        interval = paired_bootstrap(values_b[name], per_user, rng=np.random.default_rng(seed))
        means = (float(per_user.mean()), float(values_b[name].mean()))
        rows.append(Row(f"{name}_at_{TOP_K}", *means, interval.mean, interval.lower, interval.upper))
    return rows


def _per_user(evaluation: Evaluation, parts: Split) -> dict[str, NDArray[np.float64]]:
    hits = find_hits(parts.holdout, evaluation.user_indices, evaluation.item_indices)
    n_relevant = np.bincount(parts.holdout.user_indices, minlength=parts.holdout.n_users)[evaluation.user_indices]
    return {name: metric(hits, n_relevant, TOP_K) for name, metric in RANKING_METRICS.items()}


def _list_metrics(ours: Evaluation, theirs: Evaluation) -> list[Row]:
    rows = []
    for name in WHOLE_LIST_METRICS:
        a, b = (evaluation.metrics[f"{name}_at_{TOP_K}"] for evaluation in (ours, theirs))
        rows.append(Row(f"{name}_at_{TOP_K}", a, b, b - a))
    return rows


def _sample_users(ours: Evaluation, theirs: Evaluation, parts: Split) -> tuple[UserLists, ...]:
    """Return the lists of users spread evenly over how much they have rated."""
    activity = np.bincount(parts.train.user_indices, minlength=parts.train.n_users)[ours.user_indices]
    by_activity = np.argsort(activity, kind="stable")
    chosen = np.unique(np.linspace(0, len(by_activity) - 1, N_SAMPLE_USERS).round().astype(int))
    titles = [display_title(title) for title in parts.train.catalog.titles]
    users = []
    for row in by_activity[chosen]:
        a, b = ([titles[item] for item in shown[row] if item >= 0] for shown in (_shown(ours), _shown(theirs)))
        users.append(
            UserLists(
                user_id=int(parts.train.user_ids[ours.user_indices[row]]),
                n_train=int(activity[row]),
                both=tuple(title for title in a if title in b),
                only_a=tuple(title for title in a if title not in b),
                only_b=tuple(title for title in b if title not in a),
            )
        )
    return tuple(users)


def _shown(evaluation: Evaluation) -> NDArray[np.int64]:
    return evaluation.item_indices[:, :TOP_K]
