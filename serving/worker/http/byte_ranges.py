"""Which ``Range`` of a file is answered: one of bytes. Anything else counts as if it were not there (RFC 9110, 14.2).

Starlette refuses what it cannot read with 400, but a unit that a server does not know it has to ignore. Several ranges
at a time are of no use for the small files of a page, and make work for a caller who wants to make some.
"""

import re

from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

_ONE = re.compile(rb"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-[0-9]{1,18})[ \t]*", re.IGNORECASE)


class RangedFiles(StaticFiles):
    """Files of which a part can be asked for; one that is not there is 416."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        ranges = [value for name, value in scope["headers"] if name == b"range"]
        if ranges and not (len(ranges) == 1 and is_one_range(ranges[0])):
            scope = without_range(scope)
        await super().__call__(scope, receive, send)


def is_one_range(value: bytes) -> bool:
    """Return whether a ``Range`` asks for one range of bytes, there or not."""
    found = _ONE.fullmatch(value)
    return found is not None and not (found[2] and int(found[1]) > int(found[2]))


def without_range(scope: Scope) -> Scope:
    """Return the scope of the same request for a whole file."""
    return {**scope, "headers": [field for field in scope["headers"] if field[0] != b"range"]}
