"""Cron expressions of five fields, read as cron reads them.

APScheduler 3 differs from cron in two ways, both mended here: it counts weekdays from Monday
(https://github.com/agronholm/apscheduler/issues/286), and where both the day of the month and the weekday are
restricted it wants both to hold, where cron wants either.
"""

from datetime import UTC, datetime, tzinfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

from recsys.errors import ParameterError

FIELDS = ("minute", "hour", "day", "month", "day_of_week")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def parse_cron(text: str, timezone: tzinfo | None = None) -> BaseTrigger:
    """Return the trigger of a cron expression: minute, hour, day of month, month, weekday.

    Parameters
    ----------
    text
        ``"0 2 * * 0"`` is every Sunday at two. Weekdays count from Sunday, 0 or 7, or are named.
    timezone
        The one of this machine when not given.

    Raises
    ------
    ParameterError
        When it is no such expression.
    """
    values = text.split()
    if len(values) != len(FIELDS):
        raise ParameterError(
            f"{text!r} has {len(values)} fields; a cron expression has five: minute hour day month weekday"
        )
    try:
        trigger = _trigger(dict(zip(FIELDS, values, strict=True)), timezone)
    except ValueError as error:
        raise ParameterError(f"{text!r} is no cron expression: {error}") from None
    if trigger.get_next_fire_time(None, datetime.now(UTC)) is None:
        raise ParameterError(f"{text!r} never comes")
    return trigger


def _trigger(fields: dict[str, str], timezone: tzinfo | None) -> BaseTrigger:
    fields = {**fields, "day_of_week": _weekdays(fields["day_of_week"])}
    if fields["day"].startswith("*") or fields["day_of_week"] == "*":
        return CronTrigger(**fields, timezone=timezone)
    by_day, by_weekday = {**fields, "day_of_week": "*"}, {**fields, "day": "*"}
    return OrTrigger([CronTrigger(**by_day, timezone=timezone), CronTrigger(**by_weekday, timezone=timezone)])


def _weekdays(field: str) -> str:
    """Return the weekdays of a field by their names, as APScheduler understands them."""
    if field == "*":
        return field
    days: set[int] = set()
    for part in field.lower().split(","):
        span, slash, step = part.partition("/")
        first, dash, last = ("0", "-", "6") if span == "*" else span.partition("-")
        start = _weekday(first)
        end = _weekday(last) if dash else 6 if slash else start
        if dash and end == 0 and not last.isdecimal():
            end = 7  # fri-sun
        if end < start or (slash and not (step.isdecimal() and int(step) > 0)):
            raise ValueError(f"weekday {part!r} is no day, range or step")
        days |= {day % 7 for day in range(start, end + 1, int(step) if slash else 1)}
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def _weekday(text: str) -> int:
    if text[:3] in WEEKDAYS and text.isalpha():
        return WEEKDAYS.index(text[:3])
    if text.isdecimal() and int(text) <= 7:
        return int(text)
    raise ValueError(f"weekday {text!r} is neither 0-7 nor a name")
