"""Compare two versions on one holdout: metrics with bootstrap intervals, and how their lists differ for a few users.

Versions that were trained on different data are not compared: what each is known by is shown, and no difference.
Registered versions have been fitted on all ratings, so their recipes are refitted on the training part.

exit codes: 0 compared, whichever is better; 1 failed; 2 called in a wrong way, also when there is no such version
"""

import argparse
import json
import sys
import textwrap
from dataclasses import asdict

from recsys.data import Dataset
from recsys.errors import ParameterError
from recsys.model_version import ModelVersion
from recsys.registry import registry_of
from recsys.settings import Settings
from recsys.splits import SplitParams, split
from training.choice import find_version
from training.commands import shared_flags
from training.data_check import data_of, is_same_data
from training.gating.comparison import Comparison, UserLists, compare
from training.reporting.console import text_table
from training.train import TAGGED_METRICS


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    parser.add_argument("a", metavar="A", help="a version number, an alias, or latest")
    parser.add_argument("b", metavar="B", help="the same")
    shared_flags.add_data_flag(parser, settings)
    shared_flags.add_split_flags(parser)
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Compare, print the result, and return 0."""
    registry = registry_of(settings)
    versions = registry.versions()
    if not versions:
        raise ParameterError(f"{registry.name} has no version yet; train one first: python -m training train")
    a, b = (find_version(registry, wanted, versions) for wanted in (args.a, args.b))
    split_params = shared_flags.split_of(args)
    if a.version != b.version and not is_same_data(a, b):
        told = apart(a, b)
        sys.stdout.write(json.dumps(told, indent=2) + "\n" if args.json else apart_as_text(told))
        return 0
    dataset = shared_flags.dataset_of(args, settings)
    result = compare(registry, a, b, split(dataset, split_params))
    terms = terms_of(dataset, split_params)
    told = {"terms": terms, **asdict(result)}
    sys.stdout.write(json.dumps(told, indent=2) + "\n" if args.json else f"{terms}\n{as_text(result)}")
    return 0


def terms_of(dataset: Dataset, split_params: SplitParams) -> str:
    """Return what a comparison was made on, in one sentence."""
    return (
        f"Compared on {dataset.name}, digest {dataset.digest[:8]}: split {split_params.strategy}, holdout ratio "
        f"{split_params.holdout_ratio:g}, seed {split_params.seed}; both were fitted again, on the training part."
    )


def apart(a: ModelVersion, b: ModelVersion) -> dict[str, object]:
    """Return what can be said of two versions of different data: their data, and the metrics that each is known by."""
    on_record = all(version.tags.get("dataset_digest") for version in (a, b))
    what = "different data" if on_record else "whether these are the same data is not on record"
    sentence = (
        f"Version {a.version} was trained on {data_of(a)}, and version {b.version} on {data_of(b)}: {what}, so "
        "there is no verdict and no difference of their metrics."
    )
    known = [{name: version.tags[name] for name in TAGGED_METRICS if name in version.tags} for version in (a, b)]
    return {"different_data": sentence, "a": _name(a), "b": _name(b), "metrics_a": known[0], "metrics_b": known[1]}


def apart_as_text(told: dict[str, object]) -> str:
    """Return the same as text."""
    metrics_a, metrics_b = told["metrics_a"], told["metrics_b"]
    rows = []
    if isinstance(metrics_a, dict) and isinstance(metrics_b, dict):
        rows = [(name, metrics_a.get(name, "-"), metrics_b.get(name, "-")) for name in {**metrics_a, **metrics_b}]
    table = text_table(("each on its own data", f"A: {told['a']}", f"B: {told['b']}"), rows)
    remedy = "To compare how they were made, train both ways on one dataset: python -m training train --method ..."
    return f"{told['different_data']}\n\n{table}\n{remedy}\n"


def _name(version: ModelVersion) -> str:
    return f"version {version.version} ({version.tags.get('method', 'method unknown')})"


def as_text(result: Comparison) -> str:
    """Return a comparison as text."""
    rows = [
        (
            row.metric,
            row.a,
            row.b,
            f"{row.difference:+.4f}",
            _span(row.lower, row.upper),
            _reading(row.lower, row.upper),
        )
        for row in result.rows
    ]
    header = ("", f"A: {result.a}", f"B: {result.b}", "B - A", "95% interval", "")
    parts = [
        *(f"note: {note}" for note in result.notes),
        text_table(header, rows),
        f"{result.n_users} users; on average {result.overlap:.0%} of the ten movies are in both lists.",
        *map(_user, result.users),
    ]
    return "\n".join(parts) + "\n"


def _user(user: UserLists) -> str:
    lines = [f"\nuser {user.user_id}, {user.n_train} ratings in train: {len(user.both)} movies in both lists"]
    for label, titles in (("only A", user.only_a), ("only B", user.only_b)):
        text = "; ".join(titles) or "-"
        lines.append(textwrap.fill(f"{label}: {text}", 118, initial_indent="  ", subsequent_indent="          "))
    return "\n".join(lines)


def _span(lower: float | None, upper: float | None) -> str:
    return "" if lower is None or upper is None else f"[{lower:+.4f}, {upper:+.4f}]"


def _reading(lower: float | None, upper: float | None) -> str:
    if lower is None or upper is None:
        return ""
    return "B is better" if lower > 0 else "A is better" if upper < 0 else "no clear difference"
