"""Retraining: lock, anything new?, train, gate, then promote or leave as Challenger."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, cast

from loguru import logger

from recsys.alias.description import describe
from recsys.alias.lease import Lease, held_lease
from recsys.alias.move import Move, move, settle
from recsys.alias.state import AliasState
from recsys.alias.tag_names import machine_tag
from recsys.data.dataset import Dataset
from recsys.errors import ParameterError
from recsys.fitting import Recipe
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.splits import Split, SplitParams
from training.abandoned import close_abandoned_runs, process_tags
from training.gating.evidence import Candidate, gather_evidence
from training.gating.gate import judge
from training.gating.params import GateParams
from training.gating.record import put_on_record
from training.gating.registered import Registered, open_registered
from training.gating.verdict import Verdict
from training.nothing_new import JUDGED_TAG, fingerprint_of, judged_by, nothing_new
from training.project_run import chosen_experiment
from training.retention import delete_old_versions
from training.scheduling.last_run import note_scheduled_run
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
        The new version.
    verdict
        What the gate says of it.
    move
        The promotion; None where the gate refused it or nothing may be promoted.
    challenger_kept
        Why another version stays ``Challenger``, empty where the new one is.
    deleted
        Numbers of old versions that were deleted.
    """

    version: ModelVersion
    verdict: Verdict
    move: Move | None
    challenger_kept: str = ""
    deleted: tuple[int, ...] = ()

    @property
    def promoted(self) -> bool:
        """Return whether the new version is served now."""
        return self.move is not None and not self.move.refusal


@dataclass(frozen=True)
class NothingNew:
    """A retraining that had nothing to do, and in one sentence why."""

    sentence: str


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
    force: bool = False,
    keep: int | None = None,
    data_flags: Mapping[str, str] | None = None,
) -> Retrained | NothingNew:
    """Train a version and promote it if the gate lets it pass; where nothing is new, do nothing.

    Parameters
    ----------
    recipe
        None takes Production's, and where there is none, ``default_recipe``.
    auto_promote
        Whether it may be promoted without a person, should the gate let it pass.
    force
        Whether to train although an equal version is served.
    keep
        So many of the newest versions stay when old ones are deleted afterwards; None deletes nothing.
    data_flags
        How a command line names these data, for the run's note.

    Raises
    ------
    LeaseHeldError
        When another retraining is under way.
    RecsysError
        When reading, training or the registry fails. The served version is then what it was.
    """
    started = datetime.now(UTC)
    with held_lease(registry, RETRAIN_LOCK, "a retraining") as lease:
        state = _put_right(registry, alias)
        with tempfile.TemporaryDirectory() as scratch:
            served = _open_served(registry, state, Path(scratch))
            chosen = recipe or _recipe_of(served) or default_recipe
            intact = served.version if served and served.model is not None else None
        fingerprint, judged = fingerprint_of(dataset, chosen, split_params.seed), judged_by(state.current, gate)
        equal = nothing_new(registry, intact, fingerprint, judged, scheduled=trigger == "schedule")
        if equal and not force:
            done: Retrained | NothingNew = NothingNew(equal)
        else:
            done = _train_and_judge(
                dataset,
                chosen,
                split_params,
                registry,
                alias=alias,
                gate=gate,
                trigger=trigger,
                auto_promote=auto_promote,
                data_flags=data_flags,
                lease=lease,
            )
        deleted = delete_old_versions(registry, alias, keep) if keep is not None else []
        if trigger == "schedule":
            sentence, run_id = _outcome(done)
            note_scheduled_run(registry, started, sentence, run_id)
        return done if isinstance(done, NothingNew) else replace(done, deleted=tuple(deleted))


def _train_and_judge(
    dataset: Dataset,
    recipe: Recipe,
    split_params: SplitParams,
    registry: Registry,
    *,
    alias: str,
    gate: GateParams,
    trigger: Trigger,
    auto_promote: bool,
    data_flags: Mapping[str, str] | None,
    lease: Lease,
) -> Retrained:
    tags = {"trigger": trigger, **process_tags()}
    trained = train(dataset, recipe, split_params, registry, alias=None, tags=tags, data_flags=data_flags)
    lease.check()  # training takes long enough to lose it while the registry does not answer
    state, _ = settle(registry, alias)  # and for someone else to promote meanwhile
    outcome, version = trained.outcome, trained.version
    parts = cast(Split, outcome.parts)  # of one machine
    candidate = Candidate(version, recipe, dataset, parts, outcome.evaluation, outcome.baseline)
    verdict = judge(gather_evidence(registry, candidate, state, gate), gate, datetime.now(UTC))
    put_on_record(registry, version, verdict, candidate.label)
    add_gate_to_report(registry, version.run_id, verdict)
    registry.tag_version(version.version, {JUDGED_TAG: judged_by(state.current, gate)})
    logger.info("the gate says of version {}: {}", version.version, verdict.sentence)
    lease.check()
    may = verdict.promote and auto_promote
    moved = _promote(registry, alias, version, verdict, state) if may else None
    describe(registry)
    return Retrained(version, verdict, moved, trained.challenger_kept)


def _open_served(registry: Registry, state: AliasState, folder: Path) -> Registered | None:
    return None if state.current is None else open_registered(registry, registry.version(state.current), folder)


def _recipe_of(served: Registered | None) -> Recipe | None:
    """Return the recipe of the served version; None where nothing is served or this release cannot make it."""
    if served is None:
        return None
    try:
        return served.recipe()
    except ParameterError as error:
        logger.warning("version {} cannot be made again: {}", served.version.version, error)
        return None


def _outcome(done: Retrained | NothingNew) -> tuple[str, str]:
    """Return what came of it as one line, and the run."""
    if isinstance(done, NothingNew):
        return done.sentence, ""
    return f"version {done.version.version} {done.verdict.sentence}", done.version.run_id


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
