"""When something was rated: seconds, milliseconds or dates, as seconds since 1970 UTC."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy as np
from numpy.typing import NDArray

from recsys.data.readers.values import BadValueError, parse_number

_DIGITS = re.compile(r"\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*", re.ASCII)
_PARTS = re.compile(
    r"\s*(?P<first>[0-9]{1,2})(?P<sign>[/.-])(?P<second>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})(?P<rest>.*)", re.DOTALL
)
_CLOCKS = ("", "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_NAMED_MONTHS = ("%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y")
_WHOLE = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y")  # C's ctime, and Twitter's
_UNITS = ((1e17, 10**9, "nanoseconds"), (1e14, 10**6, "microseconds"), (1e11, 10**3, "milliseconds"))
"""From which size on times are counted in a smaller unit: 1e11 seconds are the year 5138."""
_MAX_TIME = 9.2e18  # times are kept as int64
_FIRST_DAY, _LAST_DAY = 19000101, 21001231


def parse_time(text: str, *, day_first: bool | None = None) -> float:
    """Return a field as a number, of whatever unit, or a date as seconds since 1970; without a zone it is UTC.

    Parameters
    ----------
    day_first
        Whether 5/4/2005 is in April (True) or in May (False); None where that is not known, and the date refused.

    Raises
    ------
    BadValueError
        Anything that is neither.
    """
    if is_number(text):
        number = parse_number(text, "timestamp")
        if abs(number) > _MAX_TIME:
            raise BadValueError("the timestamp does not fit into 64 bits")
        return number
    found = _iso(text.strip()) or _by_parts(text, day_first=day_first) or _by_name(text.strip())
    if found is None:
        raise BadValueError("the timestamp is not a whole number of seconds nor a date such as 2005-04-02 23:53:47")
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    return moment.timestamp()


def is_number(text: str) -> bool:
    """Return whether a field is a number rather than a date."""
    return _DIGITS.fullmatch(text) is not None


def day_comes_first(texts: Sequence[str]) -> bool | None:
    """Return whether dates such as 31/12/2005 are written day first, as some of them tell; None when none does."""
    for match in filter(None, map(_PARTS.fullmatch, texts)):
        if match["sign"] == "." or int(match["first"]) > 12:
            return True
        if int(match["second"]) > 12:
            return False
    return None


def as_seconds(times: NDArray[np.generic]) -> tuple[NDArray[np.int64], str]:
    """Return times as whole seconds since 1970 UTC, int64, and the unit they were in when that was another.

    The unit is that of most times: numbers as large as milliseconds are since 1973, and such as 20050402, all of them,
    are days.
    """
    if len(times) == 0:
        return times.astype(np.int64), ""
    typical = float(np.median(np.abs(times[:: max(1, len(times) // 100_000)].astype(np.float64))))
    divisor, unit = smaller_unit(typical)
    if unit:
        return np.floor_divide(times, divisor).astype(np.int64), unit
    whole = times if times.dtype.kind == "i" else np.floor(times)
    seconds = whole.astype(np.int64, copy=False)
    if _FIRST_DAY <= typical <= _LAST_DAY and (days := _as_days(seconds)) is not None:
        return days, "days"
    return seconds, ""


def smaller_unit(typical: float) -> tuple[int, str]:
    """Return how many of the unit that a typical time is counted in make a second, and its name, empty for seconds."""
    return next(((divisor, unit) for limit, divisor, unit in _UNITS if typical >= limit), (1, ""))


def _as_days(numbers: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the seconds of dates written as 20050402, or None when some are no dates."""
    distinct, places = np.unique(numbers, return_inverse=True)
    try:
        days = [datetime.strptime(str(number), "%Y%m%d").replace(tzinfo=UTC) for number in distinct.tolist()]
    except ValueError:
        return None
    return np.array([int(day.timestamp()) for day in days], np.int64)[places]


def _iso(text: str) -> datetime | None:
    # Pythons before 3.12 know neither the slashes nor more than six digits of a second.
    plain = re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text.replace("/", "-").removesuffix(" UTC"))
    plain = re.sub(r"\s+([+-][0-9]{2}:?[0-9]{2})$", r"\1", plain)
    if not re.match(r"[0-9]{4}-|[0-9]{8}T", plain):
        return None
    plain = re.sub(r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?![0-9])", _two_digits, plain)
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        return _of_forms(plain, [f"%Y-%m-%d {clock}" for clock in _CLOCKS if clock])  # 3:05:07 for 03:05:07


def _two_digits(match: re.Match[str]) -> str:
    return f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"


def _by_parts(text: str, *, day_first: bool | None) -> datetime | None:
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    if day_first is None:
        raise BadValueError("nobody can tell the day from the month in this timestamp; write it as 2005-04-02 23:53:47")
    day, month = (match["first"], match["second"]) if day_first else (match["second"], match["first"])
    clock = match["rest"].replace(",", " ").strip()
    forms = [f"%Y-%m-%d {form}".strip() for form in _CLOCKS]
    return _of_forms(f"{match['year']}-{month}-{day} {clock}".strip(), forms)


def _by_name(text: str) -> datetime | None:
    found = _of_forms(text, [*(f"{day} {clock}".strip() for day in _NAMED_MONTHS for clock in _CLOCKS), *_WHOLE])
    if found is not None:
        return found
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None


def _of_forms(text: str, forms: Sequence[str]) -> datetime | None:
    for form in forms:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
