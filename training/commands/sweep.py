"""Search for the best parameters of a method, or of several, and show the command that trains with them.

Each trial is judged by nDCG@10 on validation parts of the training part; the holdout is never looked at. The trials are
runs nested in one that shows the best, the importance of each parameter, and how the search went on. An interrupted
sweep is resumed by its --study, which is shown at the start; --trials counts those of earlier sessions as well.

exit codes: 0 done; 1 failed, also when no trial succeeds; 2 called in a wrong way; 143 ended by SIGTERM
"""

import argparse
import json
import shlex
import signal
import sys
from datetime import UTC, datetime
from types import FrameType

from recsys.errors import ParameterError
from recsys.methods import get_method, method_names
from recsys.registry import registry_of
from recsys.settings import Settings
from training.commands import shared_flags
from training.sweeping.sweep import SweepPlan, SweepResult, sweep

ALL = "all"


def add_arguments(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """Add the flags of the command."""
    swept = ", ".join(_swept_methods())
    parser.add_argument(
        "--method",
        default=shared_flags.DEFAULT_METHOD,
        metavar="NAME,...",
        help=f"some of {swept}, or {ALL}; default: {shared_flags.DEFAULT_METHOD}",
    )
    parser.add_argument("--trials", type=int, default=50, help="how many in all; default: 50")
    parser.add_argument("--folds", type=int, default=3, help="validation parts that a trial is judged on; default: 3")
    parser.add_argument("--jobs", type=int, default=1, help="trials at a time; default: 1")
    parser.add_argument("--study", default="", metavar="NAME", help="the sweep to resume, or a name for a new one")
    shared_flags.add_data_flag(parser, settings)
    shared_flags.add_split_flags(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Sweep, print the best, and return 0."""
    signal.signal(signal.SIGTERM, _end)
    plan, split_params = plan_of(args), shared_flags.split_of(args)
    dataset = shared_flags.dataset_of(args, settings)
    sys.stderr.write(f"study {plan.study}\n")
    result = sweep(dataset, split_params, registry_of(settings), plan)
    sys.stdout.write(
        (json.dumps(sweep_as_json(result, plan), indent=2) if args.json else sweep_as_text(result, args)) + "\n"
    )
    return 0


def plan_of(args: argparse.Namespace) -> SweepPlan:
    """Return what the flags ask for."""
    for name in ("trials", "folds", "jobs"):
        if getattr(args, name) < 1:
            raise ParameterError(f"--{name} {getattr(args, name)}: use at least 1")
    names = _swept_methods() if args.method == ALL else [name.strip() for name in args.method.split(",")]
    methods = tuple(get_method(name).name for name in names)
    for method in methods:
        if method not in _swept_methods():
            swept = ", ".join(_swept_methods())
            raise ParameterError(f"method {method} has no search space; choose among {swept}, or {ALL}")
    study = args.study or f"{'-'.join(methods)}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    if "'" in study or "`" in study:
        raise ParameterError(f"--study {study}: leave out quotation marks")
    return SweepPlan(study, methods, args.trials, args.folds, args.jobs)


def sweep_as_text(result: SweepResult, args: argparse.Namespace) -> str:
    """Return what was found as text."""
    lines = [f"best: nDCG@10 {result.value:.4f} on validation parts of the training data, by {_named(result)}"]
    if result.default_value is not None:
        lines.append(f"default parameters: {result.default_value:.4f}")
    counts = f"{result.n_finished} finished, {result.n_pruned} given up early, {result.n_failed} failed"
    resumed = f", {result.n_resumed} of them in earlier sessions" if result.n_resumed else ""
    lines += [f"trials: {counts}{resumed}; run {result.run_id}", f"to train with it: {train_command(result, args)}"]
    return "\n".join(lines)


def train_command(result: SweepResult, args: argparse.Namespace) -> str:
    """Return the line for a shell that trains with the best parameters."""
    params = ",".join(f"{key}={value}" for key, value in result.best.params.model_dump(mode="json").items())
    flags = {"method": result.best.method, "params": params}
    flags |= {name: getattr(args, name) for name in ("data_dir", "duplicates", "unknown_movies", "scale")}
    flags |= {"split": args.split, "holdout_ratio": str(args.holdout_ratio), "seed": str(args.seed)}
    words = ["python", "-m", "training", "train"]
    for name, value in flags.items():
        words += [f"--{name.replace('_', '-')}", value] if value else []
    return shlex.join(words)


def sweep_as_json(result: SweepResult, plan: SweepPlan) -> dict[str, object]:
    """Return what was found as JSON takes it."""
    return {
        "study": plan.study,
        "run_id": result.run_id,
        "method": result.best.method,
        "params": result.best.params.model_dump(mode="json"),
        "validation_ndcg_at_10": result.value,
        "default_validation_ndcg_at_10": result.default_value,
        "trials": {
            "finished": result.n_finished,
            "pruned": result.n_pruned,
            "failed": result.n_failed,
            "resumed": result.n_resumed,
        },
    }


def _named(result: SweepResult) -> str:
    params = ", ".join(f"{key}={value}" for key, value in result.best.params.model_dump(mode="json").items())
    return f"{result.best.method} with {params}" if params else result.best.method


def _swept_methods() -> list[str]:
    return [name for name in method_names() if get_method(name).search_space]


def _end(_signal: int, _frame: FrameType | None) -> None:
    """End by an exception, so that the runs are marked as failed and the study can be resumed."""
    raise SystemExit(128 + signal.SIGTERM)
