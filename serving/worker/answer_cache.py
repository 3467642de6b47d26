"""The least recently used answers, as bytes that are ready to be sent."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from serving.shared.board import CACHE_CLEARS, Board
from serving.worker.metrics.counters import Metrics

Answer = TypeVar("Answer")


class AnswerCache:
    """Answers by question; of one worker, but cleared in all of them.

    A key has to name the model's version, so that no answer of an old model survives.

    Parameters
    ----------
    maxsize
        How many answers are kept; 0 keeps none.
    """

    def __init__(self, maxsize: int, metrics: Metrics, board: Board, slot: int) -> None:
        self.maxsize = maxsize
        self._metrics = metrics
        self._board = board
        self._row = board.row(slot)
        self._clears = board.total(CACHE_CLEARS)
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        """Return how many answers are kept."""
        self._obey()
        return len(self._answers)

    def get_or_make(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """Return the answer to a question, worked out only when it is not kept."""
        self._obey()
        answer: Answer | None = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
            self._metrics.count_hit()
            return answer
        self._metrics.count_miss()
        answer = make()
        if self.maxsize:
            self._answers[key] = answer
            if len(self._answers) > self.maxsize:
                self._answers.popitem(last=False)
        return answer

    def clear_everywhere(self) -> None:
        """Forget the answers of all workers: each looks at the board before it looks at its answers."""
        self._row[CACHE_CLEARS] += 1
        self._obey()

    def _obey(self) -> None:
        clears = self._board.total(CACHE_CLEARS)
        if clears != self._clears:
            self._clears = clears
            self._answers.clear()
