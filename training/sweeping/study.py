"""The study of a sweep: Optuna's sampler and pruner over the methods' own search spaces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from recsys.errors import ParameterError
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.methods.search_space import Floats, Integers, OneOf, SearchRange

METHOD_PARAM = "method"
RECENCY = Floats(0.0, 1.5)
N_STARTUP = 10
"""Trials at random before TPE has seen enough to lead, and before the pruner judges."""


@dataclass(frozen=True)
class PastTrial:
    """A trial that has been run before, as the tracking server tells it: everything is text there."""

    params: Mapping[str, str]
    value: float | None
    fold_values: tuple[float, ...]
    pruned: bool


class SweepSpace:
    """The search spaces of one method or of several, among which a sweep then chooses too.

    Parameters
    ----------
    methods
        Their names.
    with_recency
        Whether `recency` is searched as well; only a temporal split shows what it is worth.
    """

    def __init__(self, methods: Sequence[str], *, with_recency: bool = False) -> None:
        self.methods = tuple(methods)
        self._more = {"recency": RECENCY} if with_recency else {}
        for name in methods:
            if not get_method(name).search_space:
                raise ParameterError(f"method {name} has no search space; choose another --method")

    def suggest(self, trial: Trial) -> Recipe:
        """Return a recipe for a trial to try."""
        name = self.methods[0]
        if len(self.methods) > 1:
            name = trial.suggest_categorical(METHOD_PARAM, self.methods)
        values = {key: _suggest(trial, _key(name, key), found) for key, found in self._ranges(name).items()}
        return as_recipe(name, values)

    def defaults(self) -> list[dict[str, Any]]:
        """Return the default parameters of each method, as trials to begin with."""
        trials = []
        for name in self.methods:
            method = get_method(name)
            params = method.params_type().model_dump(mode="json")
            values = {_key(name, key): params[key] for key in self._ranges(name)}
            trials.append({METHOD_PARAM: name, **values} if len(self.methods) > 1 else values)
        return trials

    def frozen(self, past: PastTrial) -> FrozenTrial | None:
        """Return a past trial as Optuna takes it; None where the search space does not hold it any more."""
        name = past.params.get(METHOD_PARAM, "")
        if name not in self.methods:
            return None
        ranges = self._ranges(name)
        values = {key: _read(past.params.get(key, ""), found) for key, found in ranges.items()}
        if any(value is None for value in values.values()):
            return None
        params = {_key(name, key): value for key, value in values.items()}
        spaces = {_key(name, key): _distribution(found) for key, found in ranges.items()}
        if len(self.methods) > 1:
            params[METHOD_PARAM] = name
            spaces[METHOD_PARAM] = CategoricalDistribution(self.methods)
        return create_trial(
            state=TrialState.PRUNED if past.pruned else TrialState.COMPLETE,
            value=past.value,
            params=params,
            distributions=spaces,
            intermediate_values=dict(enumerate(past.fold_values)),
        )

    def recipe_of(self, trial: FrozenTrial) -> Recipe:
        """Return the recipe that a trial has tried."""
        name = trial.params.get(METHOD_PARAM, self.methods[0])
        return as_recipe(name, {key: trial.params[_key(name, key)] for key in self._ranges(name)})

    def _ranges(self, method: str) -> dict[str, SearchRange]:
        return {**get_method(method).search_space, **self._more}


def new_study(seed: int) -> optuna.Study:
    """Return an empty study: TPE, and pruning of trials that fall behind the median after a fold."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=N_STARTUP),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=N_STARTUP // 2),
    )


def as_recipe(method: str, values: Mapping[str, Any]) -> Recipe:
    """Return a recipe with these values, numbers to four digits, and the defaults elsewhere."""
    short = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in values.items()}
    return Recipe(method, make_params(get_method(method), short))


def _key(method: str, param: str) -> str:
    """Return the name of a parameter within the study, where two methods may have one of the same name."""
    return f"{method}.{param}"


def _suggest(trial: Trial, key: str, found: SearchRange) -> Any:
    if isinstance(found, Floats):
        return trial.suggest_float(key, found.low, found.high, log=found.log)
    if isinstance(found, Integers):
        return trial.suggest_int(key, found.low, found.high, log=found.log)
    return trial.suggest_categorical(key, found.values)


def _distribution(found: SearchRange) -> BaseDistribution:
    if isinstance(found, Floats):
        return FloatDistribution(found.low, found.high, log=found.log)
    if isinstance(found, Integers):
        return IntDistribution(found.low, found.high, log=found.log)
    return CategoricalDistribution(found.values)


def _read(text: str, found: SearchRange) -> Any:
    """Return a logged value as the search space has it, None where it does not."""
    if isinstance(found, OneOf):
        return next((value for value in found.values if str(value) == text), None)
    try:
        number = int(text) if isinstance(found, Integers) else float(text)
    except ValueError:
        return None
    return number if found.low <= number <= found.high else None
