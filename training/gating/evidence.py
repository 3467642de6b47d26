"""Gathering what the gate looks at: from the registry, from the runs, and by measuring."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from recsys.alias.state import AliasState
from recsys.data.dataset import Dataset
from recsys.errors import ParameterError
from recsys.evaluation.floor import shortfall
from recsys.evaluation.report import Evaluation
from recsys.fitting import Recipe
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.splits import Split
from training.gating.as_served import contest_as_served
from training.gating.contenders import Contender, Contest
from training.gating.contest import measure
from training.gating.contest_checks import Trials
from training.gating.gate import Evidence
from training.gating.new_ratings import NewRatings, look_at_new_ratings
from training.gating.params import GateParams
from training.gating.records import recorded
from training.gating.registered import Registered, open_registered
from training.gating.smoke import problem_of_version

NOBODY = "there is no Production to compare with"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A version that was just trained, with what it was trained from.

    Attributes
    ----------
    version, recipe, dataset
        What it is.
    parts
        The split that it was judged on.
    evaluation, baseline
        Of it and of popularity, on the holdout.
    """

    version: ModelVersion
    recipe: Recipe
    dataset: Dataset
    parts: Split
    evaluation: Evaluation
    baseline: Evaluation

    @property
    def label(self) -> str:
        """Return what people call it."""
        return f"version {self.version.version} ({self.recipe.method})"


def gather_evidence(registry: Registry, candidate: Candidate, state: AliasState, params: GateParams) -> Evidence:
    """Return what the gate judges a new version by.

    Parameters
    ----------
    state
        Of the served alias: it says which version Production is.
    """
    smoke_problem = problem_of_version(registry, candidate.version)
    with tempfile.TemporaryDirectory() as scratch:
        ours = open_registered(registry, candidate.version, Path(scratch) / "candidate")
        if state.current is None:
            return Evidence(ours.side, NOBODY, smoke_problem, withdrawn=state.was_withdrawn)
        served = open_registered(registry, registry.version(state.current), Path(scratch) / "production")
        trials, notes = _trials(registry, candidate, served, params)
        names = names_of_data(candidate.version, served.version)
        return Evidence(ours.side, served.side, smoke_problem, trials=trials, notes=notes, names=names)


def names_of_data(candidate: ModelVersion, served: ModelVersion) -> tuple[str, str]:
    """Return what the data of two versions are called, by their tags; empty where there is none."""
    return candidate.tags.get("dataset", ""), served.tags.get("dataset", "")


def _trials(
    registry: Registry, candidate: Candidate, served: Registered, params: GateParams
) -> tuple[Trials, tuple[str, ...]]:
    same_recipe = is_same_recipe(served, candidate.recipe)
    of_recipes, notes = _contest_of_recipes(candidate, served) if not same_recipe else ("", _unreadable(served))
    train = candidate.parts.train
    trials = Trials(
        same_recipe=same_recipe,
        as_served=_contest_as_served(candidate, served, params),
        of_recipes=of_recipes,
        candidate=Contender.of(candidate.label, candidate.evaluation, train),
        popularity=Contender.of("popularity", candidate.baseline, train),
        production_shortfall=shortfall(served.version.tags),
        new_ratings=_new_ratings(candidate, served, params),
        recorded=recorded(registry, candidate.version, served.version),
    )
    return trials, notes


def is_same_recipe(served: Registered, recipe: Recipe) -> bool:
    """Return whether a version was made by a recipe; False where that is not known."""
    try:
        return served.recipe() == recipe
    except ParameterError:
        return False


def _contest_of_recipes(candidate: Candidate, served: Registered) -> tuple[Contest | str, tuple[str, ...]]:
    measured = measure(served, candidate.parts)
    trained_on = served.version.tags.get("dataset", "unknown data")
    if served.model is None and trained_on != candidate.dataset.name:
        return f"its movies cannot be read, and it was trained on {trained_on}", measured.notes
    if measured.evaluation is None:
        return measured.obstacle, measured.notes
    notes = measured.notes
    if served.version.tags.get("dataset_digest") != candidate.version.tags.get("dataset_digest"):
        notes = (
            *notes,
            f"Production was trained on other data ({trained_on}); for the contest of recipes both were fitted on the "
            "candidate's",
        )
    train = candidate.parts.train
    sides = [
        Contender.of(label, evaluation, train)
        for label, evaluation in ((candidate.label, candidate.evaluation), (served.label, measured.evaluation))
    ]
    return Contest(sides[0], sides[1]), notes


def _unreadable(served: Registered) -> tuple[str, ...]:
    problem = served.problem
    return (f"the files of version {served.version.version} cannot be read: {problem}",) if problem else ()


def _contest_as_served(candidate: Candidate, served: Registered, params: GateParams) -> Contest | str:
    if served.model is None or served.profile is None:
        return _why_not_served(served)
    return contest_as_served(
        candidate.recipe,
        served.model,
        candidate.dataset,
        served.profile.newest,
        labels=(candidate.label, served.label),
        min_users=params.min_users,
    )


def _new_ratings(candidate: Candidate, served: Registered, params: GateParams) -> NewRatings | str:
    if served.model is None or served.profile is None:
        return _why_not_served(served)
    return look_at_new_ratings(served.model, served.profile, candidate.dataset, params)


def _why_not_served(served: Registered) -> str:
    what = "files that can be read" if served.model is None else "profile of its data, as it is of an older release"
    return f"Production has no {what}, so which ratings are new is not known"
