"""Moves of the served alias: to a chosen version, or back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loguru import logger
from mlflow import MlflowClient
from mlflow.entities import RunData

from recsys.alias.description import describe
from recsys.alias.ledger import version_before
from recsys.alias.move import Move, move, settle
from recsys.alias.state import AliasState
from recsys.errors import ArtifactError, ParameterError, RegistryError
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from training.adoption import adopt, copy_to
from training.gating.by_hand import judge_by_hand
from training.gating.smoke import problem_of_version
from training.gating.verdict import Verdict

MOST_OVERTAKEN = 5
"""So often others may promote meanwhile before a promotion is left to whoever has asked for it."""


@dataclass(frozen=True)
class Choice:
    """A version, and in one sentence why it was chosen."""

    version: ModelVersion
    why: str


def choose(registry: Registry, wanted: str, *, experiment: str, metric: str) -> Choice:
    """Return the version that a user names: by number, by alias, ``latest``, or ``best``.

    Raises
    ------
    ParameterError
        When there is no such version, and for a word that is none of these.
    """
    versions = registry.versions()
    if not versions:
        raise ParameterError(f"{registry.name} has no version yet; train one first: python -m training train")
    if wanted == "latest":
        return Choice(versions[0], "the latest version")
    if wanted == "best":
        return best(registry, versions, experiment=experiment, metric=metric)
    return Choice(find_version(registry, wanted, versions), "" if wanted.isdecimal() else f"chosen as {wanted}")


def find_version(registry: Registry, wanted: str, versions: Sequence[ModelVersion]) -> ModelVersion:
    """Return the version of a number, of an alias in any spelling, or the ``latest``."""
    if wanted == "latest":
        return versions[0]
    number = int(wanted) if wanted.isdecimal() else AliasState.of(registry.metadata(), wanted).current
    for version in versions:
        if version.version == number:
            return version
    known = ", ".join(str(version.version) for version in reversed(versions))
    raise ParameterError(f"{registry.name} has no version {wanted!r}; there are {known}, latest, and aliases")


def best(registry: Registry, versions: Sequence[ModelVersion], *, experiment: str, metric: str) -> Choice:
    """Return the version whose run in an experiment has the largest value of a metric, the newer one of equals.

    Runs on other data or another split than the newest version's say nothing beside it, so they are left out.

    Raises
    ------
    ParameterError
        When there is no such experiment, or no version of it has the metric.
    """
    with registry.registry_errors(f"the runs of {experiment}"):
        runs = _runs_of(registry, versions, experiment)
    measured = [(version, run) for version, run in runs if metric in run.metrics]
    if not measured:
        raise ParameterError(f"no version of {registry.name} has a run in {experiment!r} with the metric {metric!r}")
    protocol = _protocol(measured[0][1])
    comparable = [(run.metrics[metric], version) for version, run in measured if _protocol(run) == protocol]
    value, winner = max(comparable, key=lambda pair: (pair[0], pair[1].version))
    left_out = len(measured) - len(comparable)
    others = f"; {left_out} on other data or splits left out" if left_out else ""
    return Choice(winner, f"the best of {len(comparable)} by {metric}, {value:.4f}{others}")


def _runs_of(
    registry: Registry, versions: Sequence[ModelVersion], experiment: str
) -> list[tuple[ModelVersion, RunData]]:
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    found = client.get_experiment_by_name(experiment)
    if found is None:
        raise ParameterError(f"there is no experiment {experiment!r} at {registry.tracking_uri}")
    runs = [(version, client.get_run(version.run_id)) for version in versions if version.run_id]
    return [(version, run.data) for version, run in runs if run.info.experiment_id == found.experiment_id]


def _protocol(run: RunData) -> tuple[str | None, ...]:
    return tuple(run.params.get(name) for name in ("dataset_digest", "split", "holdout_ratio", "seed"))


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
