"""Moves of the served alias: to a chosen version, or back."""

from dataclasses import replace

from loguru import logger

from recsys.alias.description import describe
from recsys.alias.ledger import version_before
from recsys.alias.move import Move, move, settle
from recsys.alias.state import AliasState
from recsys.errors import ArtifactError, RegistryError
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.adoption import adopt, copy_to
from training.choice import Choice, find_version
from training.gating.by_hand import judge_by_hand
from training.gating.smoke import problem_of_version
from training.gating.verdict import Verdict

MOST_OVERTAKEN = 5
"""So often others may promote meanwhile before a promotion is left to whoever has asked for it."""


def promote(registry: Registry, alias: str, choice: Choice, *, why: str = "", force: bool = False) -> Move:
    """Let the alias point to a chosen version, if nothing speaks against it; else the move says why it was refused.

    It has to pass the checks of the gate but the contest. ``force`` overrides all but the first, as what does not
    answer cannot be served, and the ledger then holds what was overridden.
    """
    version = choice.version
    try:
        version, adopted = adopt(registry, version)
    except ArtifactError as error:
        return Move(None, None, refusal=f"version {version.version} cannot be served: {error}")
    logger.info("checking that version {} can be served", version.version)
    for _ in range(MOST_OVERTAKEN):
        done, overtaken = _promote_over_served(registry, alias, version, why=why or choice.why, force=force)
        if not overtaken:
            break
        logger.info("another version has been promoted meanwhile; checking version {} beside that", version.version)
    if not done.refusal:
        describe(registry)
    return replace(done, repaired=(adopted, *done.repaired)) if adopted else done


def _promote_over_served(
    registry: Registry, alias: str, version: ModelVersion, *, why: str, force: bool
) -> tuple[Move, bool]:
    """Judge a version beside the served one and move the alias; return whether someone else has moved it meanwhile."""
    served = registry.aliased(alias)
    verdict = judge_by_hand(registry, version, served)
    objection = _objections(verdict)
    named = f"version {version.version}: {objection}"
    if not verdict.can_be_forced:
        return Move(None, None, refusal=named), False
    if objection and not force:
        remedy = f"promote {version.version} --force serves it all the same"
        parted = "\n" if "\n" in objection else "; "
        return Move(None, served.version if served else None, refusal=f"{named}{parted}{remedy}"), False
    if objection:
        # All are named; one tells enough for a line of the history.
        forced = f"forced over {', '.join(check.name for check in verdict.failed)}: {verdict.failed[0].sentence}"
        why = f"{why}; {forced}" if why else forced
    overtaken: list[str] = []

    def objection_if_moved(found: AliasState) -> str:
        if found.current == (served.version if served else None):
            return ""
        overtaken.append(f"{alias} has just been moved to version {found.current} by someone else; look again")
        return overtaken[-1]

    metrics = registry.headline_metrics(version.version)
    done = move(
        registry, alias, version.version, action="promoted", why=why, metrics=metrics, allowed=objection_if_moved
    )
    return done, bool(overtaken)


def _objections(verdict: Verdict) -> str:
    """Return what fails: one sentence, or a line for each check. Other data come first, as they explain the rest."""
    failed = sorted(verdict.failed, key=lambda check: check.name != "dataset_name")
    if len(failed) < 2:
        return "".join(check.sentence for check in failed)
    lines = (f"  {check.name}: {check.sentence}" for check in failed)
    return "\n".join((f"{len(failed)} checks refuse it", *lines))


def promote_to(
    registry: Registry, target: Registry, alias: str, choice: Choice, *, why: str = "", force: bool = False
) -> tuple[Move, ModelVersion]:
    """Copy a version to another registered model and let the alias point to the copy; return the move and the copy.

    Nothing is copied that would be refused there.
    """
    try:
        source, adopted = adopt(registry, choice.version)
    except ArtifactError as error:
        return Move(None, None, refusal=f"version {choice.version.version} cannot be served: {error}"), choice.version
    served = target.aliased(alias)
    verdict = judge_by_hand(target, source, served)
    if not verdict.promote and not (force and verdict.can_be_forced):
        refusal = f"version {source.version}: {_objections(verdict)}"
        return Move(None, served.version if served else None, refusal=refusal), source
    copied = copy_to(registry, source, target)
    origin = f"version {source.version} of {registry.name}"
    done = promote(target, alias, Choice(copied, origin), why=f"{why}; {origin}" if why else "", force=force)
    return (replace(done, repaired=(adopted, *done.repaired)) if adopted else done), copied


def roll_back(registry: Registry, alias: str, to: str | None, *, why: str = "") -> tuple[Move, ModelVersion]:
    """Let the alias point to the version before the current one, or to a named one; return the move and the version.

    Raises
    ------
    RegistryError
        When the history holds no version before.
    ParameterError
        When the named version does not exist.
    """
    state, repaired = settle(registry, alias)
    versions = registry.versions()
    if to is None:
        before = version_before(state.ledger, {version.version for version in versions})
        if before is None:
            raise RegistryError(f"the history of {alias} holds no version before this one; name one with --to")
        to = str(before)
    target = find_version(registry, to, versions)
    problem = problem_of_version(registry, target)
    if problem:
        refusal = f"version {target.version} cannot be served: {problem}"
        return Move(None, state.current, tuple(repaired), refusal), target

    def objection_if_moved(found: AliasState) -> str:
        same = found.current == state.current
        return "" if same else f"{alias} has just been moved to version {found.current} by someone else; look again"

    done = move(
        registry,
        alias,
        target.version,
        action="rolled back",
        why=why,
        metrics=registry.headline_metrics(target.version),
        allowed=objection_if_moved,
    )
    describe(registry)
    return replace(done, repaired=(*repaired, *done.repaired)), target
