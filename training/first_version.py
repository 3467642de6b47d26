"""The first version ever is promoted without a contest: there is nobody to beat."""

from recsys.alias.move import Situation, move
from recsys.registry import ModelVersion, Registry

WHY = "the first version ever"


def promote_first(registry: Registry, alias: str, version: ModelVersion) -> bool:
    """Let the alias point to a version if it has never been set, and return whether it does now.

    An alias that someone has removed stays removed.
    """
    if not_the_first(Situation.of(registry.snapshot(), alias)):
        return False
    done = move(
        registry,
        alias,
        version.version,
        action="promoted",
        why=WHY,
        metrics=registry.numbers(version.version),
        allowed=not_the_first,
    )
    return done.entry is not None


def not_the_first(situation: Situation) -> str:
    """Return why a version is not the first, else an empty text."""
    if situation.current is not None:
        return f"{situation.alias} is version {situation.current} already"
    return f"{situation.alias} has been removed" if situation.was_withdrawn else ""
