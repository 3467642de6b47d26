"""Slows down those who guess the admin token."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network

from serving.worker.errors import TooManyRequestsError

WINDOW_SECONDS = 60.0

MAX_ADDRESSES = 1024
"""Those that guessed last are remembered; so nobody can make the list grow."""

NETWORK_BITS = 64
"""One caller has all IPv6 addresses of such a network."""


class Guesses:
    """Wrong tokens of the last minute, by the caller's address; others are not held up by them.

    Parameters
    ----------
    limit
        So many are taken from one address.
    clock
        Monotonic time, seconds.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Refuse a caller who has guessed too often, whatever the next token.

        Raises
        ------
        TooManyRequestsError
            As long as there were too many wrong ones within a minute.
        """
        wrong = self._wrong.get(_caller(address))
        if wrong is None or len(wrong) < self._limit:
            return
        wait = wrong[0] + WINDOW_SECONDS - self._clock()
        if wait > 0:
            message = f"{len(wrong)} wrong admin tokens within a minute; try again in {math.ceil(wait)} seconds"
            raise TooManyRequestsError(message, wait)

    def note_wrong(self, address: str) -> None:
        """Remember a wrong token."""
        wrong = self._wrong.setdefault(_caller(address), deque(maxlen=self._limit))
        wrong.append(self._clock())
        self._wrong.move_to_end(_caller(address))
        if len(self._wrong) > MAX_ADDRESSES:
            self._wrong.popitem(last=False)


def _caller(address: str) -> str:
    """Return what callers are told apart by."""
    if ":" not in address:
        return address
    found = IPv6Address(address)
    # Where both kinds are listened to at one port, those of IPv4 come in such a disguise: each is one caller.
    return str(found.ipv4_mapped or IPv6Network((int(found), NETWORK_BITS), strict=False))
