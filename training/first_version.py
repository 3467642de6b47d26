"""The first version ever is promoted without a contest: there is nobody to beat."""

from recsys.alias.move import move
from recsys.alias.state import AliasState
from recsys.model_version import ModelVersion
from recsys.registry import Registry

WHY = "the first version ever"


def promote_first(registry: Registry, alias: str, version: ModelVersion) -> bool:
    """Let the alias point to a version if it has never been set, and return whether it does now.

    An alias that someone has removed stays removed.
    """
    if objection_to_first(AliasState.of(registry.metadata(), alias)):
        return False
    done = move(
        registry,
        alias,
        version.version,
        action="promoted",
        why=WHY,
        metrics=registry.headline_metrics(version.version),
        allowed=objection_to_first,
    )
    return done.entry is not None


def objection_to_first(state: AliasState) -> str:
    """Return why a version is not the first, else an empty text."""
    if state.current is not None:
        return f"{state.alias} is version {state.current} already"
    return f"{state.alias} has been removed" if state.was_withdrawn else ""
