"""What a sweep is about and what it has found, as the text at the top of its run, and as a table of its best trials."""

from typing import Any

import optuna
from optuna.trial import TrialState

from recsys.data.dataset import Dataset
from training.naming import differences
from training.reporting.summary import GAP, data_in_words
from training.sweeping.study import SweepSpace

SHOWN_TRIALS = 10

Table = dict[str, list[Any]]


def best_trials(study: optuna.Study, space: SweepSpace) -> Table:
    """Return the best finished trials as columns, the best first: rank, trial, value, method, what is not default."""
    finished = [trial for trial in study.get_trials(deepcopy=False) if trial.state == TrialState.COMPLETE]
    finished.sort(key=lambda trial: (-float(trial.value or 0), trial.number))
    recipes = [space.recipe_of(trial) for trial in finished[:SHOWN_TRIALS]]
    return {
        "rank": list(range(1, len(recipes) + 1)),
        "trial": [trial.number + 1 for trial in finished[:SHOWN_TRIALS]],
        "validation nDCG@10": [round(float(trial.value or 0), 4) for trial in finished[:SHOWN_TRIALS]],
        "method": [recipe.method for recipe in recipes],
        "parameters": [", ".join(differences(recipe)) or "the defaults" for recipe in recipes],
    }


def describe_sweep(dataset: Dataset, study_name: str, folds: int, best: Table, default_value: float | None) -> str:
    """Return Markdown: what was searched on what, the best trials, how far the defaults are from them."""
    rows = [
        f"| {rank}{GAP} | {trial}{GAP} | {value:.4f}{GAP} | {method}{GAP} | {parameters} |"
        for rank, trial, value, method, parameters in zip(*best.values(), strict=True)
    ]
    defaults = "" if default_value is None else f" The best of the default parameters reach {default_value:.4f}."
    return "\n".join(
        [
            f"Study `{study_name}` on **{dataset.name}**: {data_in_words(dataset)}. Each trial is judged by nDCG@10 on "
            f"{folds} validation part{'s' if folds > 1 else ''} of the training part; the holdout is never looked at."
            f"{defaults}",
            "",
            f"| {GAP} | trial{GAP} | nDCG@10{GAP} | method{GAP} | parameters |",
            "|:---|:---|:---|:---|:---|",
            *rows,
            "",
            f"To go on with more trials: `python -m training sweep --study {study_name} --trials N`, with the same "
            "method, data and split.",
            "",
        ]
    )
