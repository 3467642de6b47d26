"""Heartbeats: who gives no sign of life for so long has hung.

Each worker, and the parent, writes the monotonic time to the board about once a second. The parent replaces a worker
that hangs; the workers end a parent that hangs, so that whatever has started the service starts it again.
"""

import signal
import time
from collections.abc import Callable

BEAT_SECONDS = 1.0
"""How often a sign of life is given."""

STACK_SIGNAL = signal.SIGUSR1
"""What makes a worker write down where each of its threads is; `faulthandler` does so even in an endless loop."""

GAP_SECONDS = 5.0
"""An observer that has not looked for so long was stopped itself, so what it then sees says nothing yet; less where the
limit is less, as everyone was stopped for longer than the limit then."""


class Watch:
    """Tells whether another process hangs, as seen from one that may itself be stopped and go on.

    A laptop that slept, a virtual machine that was paused, ``docker pause``: then all heartbeats are old at once, and
    nobody has hung. So the time counts only from when the observer has looked without a gap.

    Parameters
    ----------
    limit_seconds
        How long there may be no sign of life; 0 for as long as it likes.
    clock
        Monotonic seconds.
    """

    def __init__(self, limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_seconds = limit_seconds
        self._gap_seconds = min(GAP_SECONDS, max(2 * BEAT_SECONDS, limit_seconds / 2))
        self._clock = clock
        self._looked_at = self._since = clock()

    def look(self) -> None:
        """Note that the observer itself is alive; to be called about as often as signs of life are given."""
        now = self._clock()
        if now - self._looked_at > self._gap_seconds:
            self._since = now
        self._looked_at = now

    def silent_seconds(self, heartbeat: float) -> float:
        """Return for how long there has been no sign of life since the one at ``heartbeat``, monotonic seconds."""
        return self._looked_at - max(heartbeat, self._since)

    def is_hung(self, heartbeat: float) -> bool:
        """Return whether the last sign of life was too long ago."""
        return 0 < self.limit_seconds < self.silent_seconds(heartbeat)
