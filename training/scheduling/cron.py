"""Cron expressions of five fields, read as Debian's cron reads them (by ``cronsim``, daylight saving included)."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from cronsim import CronSim, CronSimError

from recsys.errors import ParameterError

FIELDS = "minute hour day month weekday"


@dataclass(frozen=True)
class Cron:
    """A cron expression.

    Attributes
    ----------
    text
        ``"0 2 * * 0"`` is every Sunday at two. Where day and weekday are both restricted, either fires.
    timezone
        In which the fields count; None for the one of this machine.
    """

    text: str
    timezone: tzinfo | None = None

    def next_after(self, moment: datetime) -> datetime:
        """Return the first firing strictly after a moment that knows its time zone."""
        return next(CronSim(self.text, moment.astimezone(self.timezone)))


def parse_cron(text: str, timezone: tzinfo | None = None) -> Cron:
    """Return a cron expression that is known to fire.

    Raises
    ------
    ParameterError
        When it is no such expression, or never fires.
    """
    n_fields = len(text.split())
    if n_fields != len(FIELDS.split()):
        raise ParameterError(f"{text!r} has {n_fields} fields; a cron expression has five: {FIELDS}")
    cron = Cron(text, timezone)
    try:
        cron.next_after(datetime.now().astimezone())
    except CronSimError as error:
        raise ParameterError(
            f"{text!r} is not a cron expression: {str(error).lower()}; it has five fields: {FIELDS}"
        ) from None
    except StopIteration:
        raise ParameterError(f"{text!r} never fires; there is no such date") from None
    return cron
