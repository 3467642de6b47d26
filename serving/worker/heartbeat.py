"""The worker's sign of life, and its watch over the parent."""

import asyncio
import os
import signal
from dataclasses import dataclass

from loguru import logger

from serving.shared.board import Board
from serving.shared.heartbeat import BEAT_SECONDS, Watch


@dataclass(frozen=True)
class ParentWatch:
    """What a worker does when the parent hangs.

    Attributes
    ----------
    pid
        The parent.
    watch
        How long it may be silent.
    ends_it
        Whether to end it, so that what has started the service starts it again.
    """

    pid: int
    watch: Watch
    ends_it: bool

    def look(self, board: Board) -> None:
        """Look once, and end a parent that hangs; its workers, this one too, then drain and end."""
        self.watch.look()
        if board.ending or os.getppid() != self.pid or not self.watch.is_hung(board.parent_heartbeat):
            return
        if self.ends_it:
            silent = self.watch.silent_seconds(board.parent_heartbeat)
            logger.error("the parent process {} has hung for {:.0f} s and is killed", self.pid, silent)
            os.kill(self.pid, signal.SIGKILL)


async def beat(board: Board, slot: int, parent: ParentWatch | None) -> None:
    """Give a sign of life each second for as long as the event loop runs, and look after the parent."""
    while True:
        board.beat(slot)
        if parent is not None:
            parent.look(board)
        await asyncio.sleep(BEAT_SECONDS)
