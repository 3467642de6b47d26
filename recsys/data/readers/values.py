"""Single fields as values: ids, stars. What is not one is a `BadValueError`, which says why."""

import re
from decimal import Decimal

MAX_ID = 2**63 - 1
MAX_EXACT_FLOAT = 2**53
"""From here on neighboring whole numbers share a double, so that an id could become that of another user."""
_TEXT_IDS = "correct the line, or give ids that are texts to recsys.Dataset.from_frame, which numbers them"

_PLAIN_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", re.ASCII)


class BadValueError(ValueError):
    """A field that is not what its column holds; the text says why."""


def parse_id(text: str, meaning: str) -> int:
    """Return an id of up to 64 bits, exactly, also where it is written as a float: ``"12.0"``, ``"1e+05"``.

    Raises
    ------
    BadValueError
        Anything else.
    """
    text = text.strip()
    if _PLAIN_INTEGER.fullmatch(text):
        number = int(text) if len(text) < 400 else MAX_ID + 1
    elif _NUMBER.fullmatch(text) and (exact := Decimal(text)) == exact.to_integral_value():
        number = int(exact) if abs(exact) <= MAX_ID else MAX_ID + 1
    else:
        raise BadValueError(f"the {meaning} is not a whole number; {_TEXT_IDS}")
    if abs(number) > MAX_ID:
        raise BadValueError(f"the {meaning} does not fit into 64 bits")
    return number


def parse_number(text: str, meaning: str) -> float:
    """Return a finite number; ``"3,5"`` is one as well: a comma within a field does not separate fields.

    Raises
    ------
    BadValueError
        Anything else.
    """
    text = text.strip().replace(",", ".")
    if not _NUMBER.fullmatch(text):
        raise BadValueError(f"the {meaning} is not a number")
    return float(text)
