"""Where a sweep looks for the parameters of a method."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Floats:
    """Numbers from ``low`` to ``high``; with ``log``, each order of magnitude gets the same attention."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Integers:
    """Whole numbers from ``low`` to ``high``, both included; ``log`` as of `Floats`."""

    low: int
    high: int
    log: bool = False


@dataclass(frozen=True)
class OneOf:
    """One of a few values."""

    values: tuple[str | int | float | bool, ...]


SearchRange = Floats | Integers | OneOf
