import threading
from collections.abc import Callable, Iterator

import pytest
from loguru import logger

from recsys.errors import RegistryError
from serving.parent.background import AliasRepairs, Background


class Ledger:
    """A registry that counts repairs, and may fail."""

    def __init__(self) -> None:
        self.repaired: list[str] = []
        self.failure: Exception | None = None

    def repair(self, alias: str) -> None:
        self.repaired.append(alias)
        if self.failure:
            raise self.failure


def test_repairs_happen_once_for_each_time_the_sync_finds_something() -> None:
    ledger, unsettled = Ledger(), threading.Event()
    repairs = AliasRepairs(ledger, "Production", unsettled)
    repairs.look()
    assert ledger.repaired == []
    for _ in range(2):
        unsettled.set()
        repairs.look()
        repairs.look()
    assert ledger.repaired == ["Production", "Production"]


def test_repairs_that_are_not_allowed_are_warned_of_once(log_lines: Callable[[], list[str]]) -> None:
    ledger, unsettled = Ledger(), threading.Event()
    ledger.failure = RegistryError("permission denied")
    repairs = AliasRepairs(ledger, "Production", unsettled)
    for _ in range(3):
        unsettled.set()
        repairs.look()
    assert len(ledger.repaired) == 3
    assert [line for line in log_lines() if "permission denied" in line] == [log_lines()[0]]


def test_background_outlives_whatever_is_thrown() -> None:
    stopped, turns = threading.Event(), []

    def fail() -> None:
        raise ZeroDivisionError

    def work() -> None:
        turns.append(1)
        if len(turns) == 2:
            stopped.set()

    thread = threading.Thread(target=Background((fail, work), stopped).run)
    thread.start()
    thread.join(60)
    assert len(turns) == 2


@pytest.fixture
def log_lines() -> Iterator[Callable[[], list[str]]]:
    """Yield a function that returns the warnings so far."""
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(str(message)), level="WARNING", format="{message}")
    yield lambda: lines
    logger.remove(sink)
