"""The pictures of a sweep: how it went on, and what mattered."""

import numpy as np
import optuna
from matplotlib.figure import Figure
from optuna.trial import FrozenTrial, TrialState

from training.reporting.plots import BASELINE_COLOR, MODEL_COLOR
from training.sweeping.study import METHOD_PARAM

MIN_TRIALS = 4
"""With fewer finished trials an importance is a guess."""


def history_picture(trials: list[FrozenTrial], metric: str) -> Figure:
    """Return the value of every trial, those given up early apart, and the best so far."""
    figure = Figure(figsize=(9, 4.8), layout="constrained")
    axes = figure.subplots()
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    pruned = [trial for trial in trials if trial.state == TrialState.PRUNED and trial.value is not None]
    numbers, values = [trial.number for trial in complete], [float(trial.value or 0) for trial in complete]
    axes.step(numbers, np.maximum.accumulate(values), where="post", color=MODEL_COLOR, label="best so far")
    axes.plot(numbers, values, "o", color=MODEL_COLOR, alpha=0.6, label=f"finished ({len(complete)})")
    lost = [float(trial.value or 0) for trial in pruned]
    label = f"given up early ({len(pruned)})"
    axes.plot([trial.number for trial in pruned], lost, "x", color=BASELINE_COLOR, label=label)
    axes.set_xlabel("trial")
    axes.set_ylabel(metric)
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def importance_picture(by_method: dict[str, dict[str, float]]) -> Figure:
    """Return the importance of the parameters, a panel for each method."""
    figure = Figure(figsize=(9, 1.2 + 0.5 * sum(max(len(found), 1) for found in by_method.values()) + len(by_method)))
    figure.set_layout_engine("constrained")
    heights = [max(len(found), 1) for found in by_method.values()]
    panels = figure.subplots(len(by_method), 1, height_ratios=heights, squeeze=False)[:, 0]
    for axes, (method, found) in zip(panels, by_method.items(), strict=True):
        axes.set_title(method, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        if not found:
            axes.axis("off")
            axes.text(0, 0.5, "too few finished trials to tell", va="center")
            continue
        names = sorted(found, key=lambda name: found[name])
        bars = axes.barh(names, [found[name] for name in names], color=MODEL_COLOR)
        axes.bar_label(bars, fmt="%.2f", padding=3)
        axes.set_xlim(0, 1.1)
    panels[-1].set_xlabel("share of the variance of the result that the parameter explains (fANOVA)")
    return figure


def importances(study: optuna.Study, method: str, seed: int) -> dict[str, float]:
    """Return how much each parameter of a method explains of its results; empty where that cannot be told."""
    prefix = f"{method}."
    trials = [
        trial
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if trial.params.get(METHOD_PARAM, method) == method
    ]
    if len(trials) < MIN_TRIALS or len({trial.value for trial in trials}) < 2:
        return {}
    own = optuna.create_study(direction="maximize")
    own.add_trials([_without_method(trial) for trial in trials])
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
    found = optuna.importance.get_param_importances(own, evaluator=evaluator)
    return {name.removeprefix(prefix): float(value) for name, value in found.items()}


def _without_method(trial: FrozenTrial) -> FrozenTrial:
    kept = [name for name in trial.params if name != METHOD_PARAM]
    return optuna.trial.create_trial(
        value=trial.value,
        params={name: trial.params[name] for name in kept},
        distributions={name: trial.distributions[name] for name in kept},
    )
