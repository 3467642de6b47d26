"""Retraining: lock, train, gate, then promote or leave as Challenger."""

from dataclasses import dataclass
from typing import Literal

from loguru import logger

from recsys.alias.description import describe
from recsys.alias.lease import held_lease
from recsys.alias.move import AliasState, Move, move, settle
from recsys.alias.tag_names import machine_tag
from recsys.data.dataset import Dataset
from recsys.errors import ParameterError
from recsys.fitting import Recipe
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.splits import SplitParams
from training.abandoned import close_abandoned_runs, process_tags
from training.gating.contest import recipe_of
from training.gating.gate import judge
from training.gating.params import GateParams
from training.gating.record import hold_contest, put_on_record
from training.gating.verdict import Verdict
from training.project_run import chosen_experiment
from training.tracking import add_gate_to_report
from training.train import train

RETRAIN_LOCK = machine_tag("lock.retrain")

Trigger = Literal["manual", "schedule"]


@dataclass(frozen=True, eq=False)
class Retrained:
    """What came of a retraining.

    Attributes
    ----------
    version
        The new version; it is ``Challenger`` in any case.
    verdict
        What the gate says of it.
    move
        The promotion; None where the gate refused it or nothing may be promoted.
    """

    version: ModelVersion
    verdict: Verdict
    move: Move | None

    @property
    def promoted(self) -> bool:
        """Return whether the new version is served now."""
        return self.move is not None and not self.move.refusal


def retrain(
    dataset: Dataset,
    recipe: Recipe | None,
    split_params: SplitParams,
    registry: Registry,
    *,
    alias: str,
    default_recipe: Recipe,
    gate: GateParams,
    trigger: Trigger,
    auto_promote: bool,
) -> Retrained:
    """Train a version and promote it if the gate lets it pass.

    Parameters
    ----------
    recipe
        None takes Production's, and where there is none, ``default_recipe``.
    auto_promote
        Whether it may be promoted without a person; otherwise it stays ``Challenger`` whatever the gate says.

    Raises
    ------
    LeaseHeldError
        When another retraining is under way.
    RecsysError
        When reading, training or the registry fails. The served version is then what it was.
    """
    with held_lease(registry, RETRAIN_LOCK, "a retraining") as lease:
        state = _put_right(registry, alias)
        chosen = recipe or production_recipe(registry, state) or default_recipe
        tags = {"trigger": trigger, **process_tags()}
        trained = train(dataset, chosen, split_params, registry, alias=None, tags=tags)
        lease.check()
        state, _ = settle(registry, alias)
        outcome = trained.outcome
        contest = hold_contest(registry, trained.version, outcome.evaluation, outcome.parts, state)
        verdict = judge(contest, gate)
        put_on_record(registry, trained.version, verdict, contest.candidate.label)
        add_gate_to_report(registry, trained.version.run_id, verdict)
        logger.info("the gate says of version {}: {}", trained.version.version, verdict.sentence)
        lease.check()
        may = verdict.promote and auto_promote
        done = _promote(registry, alias, trained.version, verdict, state) if may else None
        describe(registry)
        return Retrained(trained.version, verdict, done)


def production_recipe(registry: Registry, state: AliasState) -> Recipe | None:
    """Return the recipe of the served version; None where nothing is served or this release cannot make it."""
    if state.current is None:
        return None
    try:
        return recipe_of(registry, registry.version(state.current))
    except ParameterError as error:
        logger.warning("version {} cannot be made again: {}", state.current, error)
        return None


def _put_right(registry: Registry, alias: str) -> AliasState:
    state, repaired = settle(registry, alias)
    for sentence in repaired:
        logger.warning("{}", sentence)
    for run_id in close_abandoned_runs(registry, chosen_experiment(registry)):
        logger.warning("run {} was left running by a process that has died; it is now marked as killed", run_id)
    return state


def _promote(registry: Registry, alias: str, version: ModelVersion, verdict: Verdict, contested: AliasState) -> Move:
    """Promote unless the alias has been moved since the contest: the verdict was about another Production then."""

    def objection_if_moved(found: AliasState) -> str:
        same = (found.current, found.was_withdrawn) == (contested.current, contested.was_withdrawn)
        return "" if same else f"{alias} has been moved by someone else while the gate was at work"

    return move(
        registry,
        alias,
        version.version,
        action="promoted",
        why=f"retraining: {verdict.sentence}",
        metrics={**registry.headline_metrics(version.version), **verdict.numbers},
        allowed=objection_if_moved,
    )
