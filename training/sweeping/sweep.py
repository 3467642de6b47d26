"""A sweep: many recipes, judged on validation parts of the training part, each a run nested in one that shows the best.

The holdout of the split is never looked at, so that a model trained with the winner can still be judged on it.
"""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import mlflow
import numpy as np
import optuna
from mlflow import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE
from optuna.trial import FrozenTrial, Trial, TrialState
from tqdm import tqdm

from recsys.data.dataset import Dataset
from recsys.errors import RecsysError
from recsys.fitting import Recipe
from recsys.registry import Registry
from recsys.splits import Split, SplitParams, split
from training import tracking
from training.abandoned import close_abandoned_runs, process_tags
from training.project_run import chosen_experiment, tracked_run
from training.sweeping.pictures import history_picture, importance_picture, importances
from training.sweeping.runs import STUDY_TAG, VALUE, TrialRuns
from training.sweeping.study import SweepSpace, new_study
from training.sweeping.summary import best_trials, describe_sweep
from training.sweeping.validation import fold_values, validation_parts

BEST_TRIALS = "tables/best_trials.json"
"""The best trials, among the artifacts of the parent run."""


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep is to do.

    Attributes
    ----------
    study
        Its name; one that exists is resumed.
    methods
        Whose search spaces are looked through.
    n_trials
        In all, those of earlier sessions included.
    n_folds
        Validation parts that each trial is judged on.
    n_jobs
        Trials at a time.
    """

    study: str
    methods: tuple[str, ...]
    n_trials: int
    n_folds: int = 3
    n_jobs: int = 1


@dataclass(frozen=True)
class SweepResult:
    """What a sweep has found.

    Attributes
    ----------
    best
        The recipe that did best.
    value, default_value
        Its mean nDCG@10 on the validation parts, and that of default parameters (the best of the methods'), None where
        they failed.
    n_finished, n_pruned, n_failed, n_resumed
        Trials by what became of them; those read back from an earlier session.
    run_id
        The parent run.
    """

    best: Recipe
    value: float
    default_value: float | None
    n_finished: int
    n_pruned: int
    n_failed: int
    n_resumed: int
    run_id: str


def sweep(dataset: Dataset, split_params: SplitParams, registry: Registry, plan: SweepPlan) -> SweepResult:
    """Run the trials that are still to do, log everything, and return the best.

    Raises
    ------
    ParameterError
        When a method has no search space, or the study was held on other data.
    RecsysError
        When no trial succeeds.
    """
    space = SweepSpace(plan.methods, with_recency=split_params.strategy == "temporal")
    folds = validation_parts(split(dataset, split_params).train, split_params, plan.n_folds)
    mlflow.set_tracking_uri(registry.tracking_uri)
    close_abandoned_runs(registry, chosen_experiment(registry))
    with tracked_run(registry, f"sweep of {', '.join(plan.methods)} on {dataset.name}") as parent:
        protocol = _protocol(dataset, split_params, plan, len(folds))
        runs = TrialRuns(
            MlflowClient(tracking_uri=registry.tracking_uri), parent.info.experiment_id, parent.info.run_id, plan.study
        )
        past = [space.frozen(trial) for trial in runs.adopt_past(protocol)]
        mlflow.set_tags({STUDY_TAG: plan.study, **process_tags()})
        tracking.log_dataset(dataset, "sweep")
        tracking.log_new_params(protocol)
        study = new_study(split_params.seed + len(past))
        study.add_trials([trial for trial in past if trial is not None])
        n_resumed = len(study.trials)
        if n_resumed == 0:
            for values in space.defaults():
                study.enqueue_trial(values)
        _run_trials(study, space, folds, runs, plan, done=n_resumed)
        result = _conclude(study, space, n_resumed, parent.info.run_id)
        best = best_trials(study, space)
        mlflow.log_table(best, BEST_TRIALS)
        mlflow.set_tag(MLFLOW_RUN_NOTE, describe_sweep(dataset, plan.study, len(folds), best, result.default_value))
        return result


def _run_trials(
    study: optuna.Study, space: SweepSpace, folds: Sequence[Split], runs: TrialRuns, plan: SweepPlan, *, done: int
) -> None:
    lock = threading.Lock()
    with tqdm(total=plan.n_trials, initial=done, unit="trial", desc="sweep") as bar:

        def show(study: optuna.Study, _trial: FrozenTrial) -> None:
            with lock, suppress(ValueError):
                bar.set_postfix(best=f"{study.best_value:.4f}", refresh=False)
            bar.update()

        def objective(trial: Trial) -> float:
            return _judge(trial, space.suggest(trial), folds, runs)

        n_left = max(0, plan.n_trials - done)
        study.optimize(objective, n_trials=n_left, n_jobs=plan.n_jobs, callbacks=[show], catch=(RecsysError,))


def _judge(trial: Trial, recipe: Recipe, folds: Sequence[Split], runs: TrialRuns) -> float:
    """Return the mean over the folds; a trial that falls behind is given up after the first of them."""
    run_id = runs.start(trial.number + 1, recipe)
    values: list[float] = []
    try:
        for fold, value in enumerate(fold_values(recipe, tuple(folds))):
            values.append(value)
            runs.log_fold(run_id, fold, value)
            trial.report(float(np.mean(values)), fold)
            if fold + 1 < len(folds) and trial.should_prune():
                runs.finish(run_id, float(np.mean(values)), pruned=True)
                raise optuna.TrialPruned
    except optuna.TrialPruned:
        raise
    except BaseException:
        runs.fail(run_id)
        raise
    runs.finish(run_id, float(np.mean(values)), pruned=False)
    return float(np.mean(values))


def _conclude(study: optuna.Study, space: SweepSpace, n_resumed: int, run_id: str) -> SweepResult:
    trials = study.get_trials(deepcopy=False)
    states = [trial.state for trial in trials]
    if TrialState.COMPLETE not in states:
        raise RecsysError(f"none of the {len(trials)} trials succeeded; see the runs nested in {run_id}")
    defaults = [trial.value for trial in trials[: len(space.methods)] if trial.state == TrialState.COMPLETE]
    result = SweepResult(
        best=space.recipe_of(study.best_trial),
        value=study.best_value,
        default_value=max((value for value in defaults if value is not None), default=None),
        n_finished=states.count(TrialState.COMPLETE),
        n_pruned=states.count(TrialState.PRUNED),
        n_failed=states.count(TrialState.FAIL),
        n_resumed=n_resumed,
        run_id=run_id,
    )
    seed = study.best_trial.number
    by_method = {method: importances(study, method, seed) for method in space.methods}
    mlflow.log_figure(history_picture(trials, VALUE), "sweep/history.png")
    mlflow.log_figure(importance_picture(by_method), "sweep/importance.png")
    _log_best(result, by_method)
    return result


def _log_best(result: SweepResult, by_method: Mapping[str, Mapping[str, float]]) -> None:
    params = result.best.params.model_dump(mode="json")
    mlflow.log_params({"best_method": result.best.method, **{f"best_{key}": value for key, value in params.items()}})
    mlflow.log_metrics({VALUE: result.value, "trials": result.n_finished + result.n_pruned + result.n_failed})
    if result.default_value is not None:
        mlflow.log_metric(f"default_{VALUE}", result.default_value)
    for found in by_method.values():
        mlflow.log_metrics({f"importance_{name}": value for name, value in found.items()})


def _protocol(dataset: Dataset, params: SplitParams, plan: SweepPlan, n_folds: int) -> dict[str, str]:
    return {
        "methods": ",".join(plan.methods),
        "dataset": dataset.name,
        "dataset_digest": dataset.digest,
        "split": params.strategy,
        "holdout_ratio": str(params.holdout_ratio),
        "seed": str(params.seed),
        "n_folds": str(n_folds),
    }
