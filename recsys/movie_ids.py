"""Movie ids as people and programs send them: whole numbers, and nothing that merely turns into one."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from recsys.errors import ParameterError


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number, of Python or NumPy; truth values are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def whole_id(value: Any, where: str = "") -> int:
    """Return a movie id.

    Parameters
    ----------
    where
        Begins the message, such as ``"row 3: "``.

    Raises
    ------
    ParameterError
        For everything but a whole number: ``False`` is not movie 0, nor 1.5 movie 1, nor ``"1"`` movie 1.
    """
    if is_whole(value):
        return int(value)
    raise ParameterError(
        f"{where}movie id {value!r} is not a whole number; give ids as the dataset has them, such as 50"
    )


def whole_ids(values: Iterable[Any], where: str = "") -> list[int]:
    """Return movie ids; see `whole_id`."""
    listed: list[Any] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if {*map(type, listed)} <= {int}:  # nearly always, and many times as fast as one by one
        return listed
    return [whole_id(value, where) for value in listed]
