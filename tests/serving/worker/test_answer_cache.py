import os

import pytest

from serving.shared.board import Board, create_memory
from serving.worker.answer_cache import AnswerCache
from serving.worker.metrics.counters import Metrics


@pytest.fixture
def boards() -> tuple[Board, Board]:
    descriptor = create_memory(2)
    both = Board(descriptor, 2), Board(descriptor, 2)
    os.close(descriptor)
    return both


def make_cache(board: Board, slot: int = 0, maxsize: int = 2) -> AnswerCache:
    return AnswerCache(maxsize, Metrics(board, slot, []), board, slot)


def test_get_or_make_second_time_is_not_made(boards: tuple[Board, Board]) -> None:
    cache = make_cache(boards[0])
    assert cache.get_or_make("a", lambda: b"1") == b"1"
    assert cache.get_or_make("a", lambda: b"2") == b"1"


def test_get_or_make_full_forgets_the_least_recently_used(boards: tuple[Board, Board]) -> None:
    cache = make_cache(boards[0])
    for key in ("a", "b", "a", "c"):
        cache.get_or_make(key, key.encode)
    assert len(cache) == 2
    assert cache.get_or_make("a", lambda: b"new") == b"a"
    assert cache.get_or_make("b", lambda: b"new") == b"new"


def test_maxsize_zero_keeps_nothing(boards: tuple[Board, Board]) -> None:
    cache = make_cache(boards[0], maxsize=0)
    cache.get_or_make("a", lambda: b"1")
    assert cache.get_or_make("a", lambda: b"2") == b"2"
    assert len(cache) == 0


def test_failed_answer_is_not_kept(boards: tuple[Board, Board]) -> None:
    cache = make_cache(boards[0])
    with pytest.raises(ZeroDivisionError):
        cache.get_or_make("a", lambda: bytes(1 // 0))
    assert cache.get_or_make("a", lambda: b"1") == b"1"


def test_clear_everywhere_reaches_the_other_workers(boards: tuple[Board, Board]) -> None:
    mine, other = make_cache(boards[0], 0), make_cache(boards[1], 1)
    for cache in (mine, other):
        cache.get_or_make("a", lambda: b"1")
    mine.clear_everywhere()
    assert (len(mine), len(other)) == (0, 0)
