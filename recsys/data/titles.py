"""The year of release that MovieLens writes at the end of a title."""

import re

_YEARS = re.compile(r"\(\s*(\d{4})\s*(?:[-\u2013\u2014]\s*(?:\d{4}\s*)?)?\)")  # (1995), (2006-2007), (2016- )


def year_of(title: str) -> int:
    """Return the year in the last parentheses that hold one, the first of a range, or 0 where there is none.

    What follows the year, such as blanks or the ``(V)`` of a video release, does not matter, and neither does a number
    elsewhere in the title: ``"2001: A Space Odyssey (1968)"`` gives 1968.
    """
    years = _YEARS.findall(title)
    return int(years[-1]) if years else 0
