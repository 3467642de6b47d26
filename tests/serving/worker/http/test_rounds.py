import asyncio
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from serving.worker.http.rounds import Rounds


class Caller:
    """A connection that writes down what is done with it, among what is done with others."""

    def __init__(self, name: str, rounds: Rounds, done: list[str], *, error: BaseException | None = None) -> None:
        self.name = name
        self.rounds = rounds
        self.done = done
        self.error = error

    def begin_request(self) -> Iterator[None]:
        self.done.append(f"begin {self.name}")
        yield
        if self.error is not None:
            raise self.error
        self.done.append(f"end {self.name}")
        self.rounds.add_writes(self)

    def fail(self, error: BaseException) -> None:
        self.done.append(f"{type(error).__name__} {self.name}")

    def send(self) -> None:
        self.done.append(f"send {self.name}")


async def turn() -> None:
    await asyncio.sleep(0)


def test_all_take_a_step_before_any_takes_the_next() -> None:
    async def run() -> None:
        rounds, done = Rounds(), list[str]()
        for name in "abc":
            rounds.add_arrival(Caller(name, rounds, done))
        assert done == []
        await turn()
        assert done == [f"{step} {name}" for step in ("begin", "end", "send") for name in "abc"]
        await turn()
        assert len(done) == 9

    asyncio.run(run())


def test_what_is_written_between_rounds_leaves_in_the_next() -> None:
    async def run() -> None:
        rounds, done = Rounds(), list[str]()
        for name in "ab":
            rounds.add_writes(Caller(name, rounds, done))
            await turn()
            assert done[-1] == f"send {name}"

    asyncio.run(run())


class PanicError(BaseException):
    """As libraries in Rust raise it."""


@pytest.mark.parametrize("error", [ZeroDivisionError(), PanicError(), asyncio.CancelledError()])
def test_one_that_fails_holds_up_no_other(error: BaseException) -> None:
    async def run() -> None:
        rounds, done = Rounds(), list[str]()
        for name in "abc":
            rounds.add_arrival(Caller(name, rounds, done, error=error if name == "b" else None))
        await turn()
        assert done[3:] == ["end a", f"{type(error).__name__} b", "end c", "send a", "send c"]
        rounds.add_arrival(Caller("d", rounds, done))
        await turn()
        assert done[-3:] == ["begin d", "end d", "send d"]

    asyncio.run(run())


def test_one_that_cannot_send_holds_up_no_other() -> None:
    class Broken(Caller):
        def send(self) -> None:
            raise RuntimeError

    async def run() -> None:
        told = list[str]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(repr(context["exception"])))
        rounds, done = Rounds(), list[str]()
        for caller in (Broken("a", rounds, done), Caller("b", rounds, done)):
            rounds.add_arrival(caller)
        await turn()
        await turn()
        assert done == ["begin a", "begin b", "end a", "end b", "send b"]
        assert told == ["RuntimeError()"]

    asyncio.run(run())


def test_round_does_not_run_in_the_context_of_whoever_makes_it_due() -> None:
    whose = ContextVar("whose", default="nobody's")

    class Asking(Caller):
        def begin_request(self) -> Iterator[None]:
            self.done.append(whose.get())
            yield

    async def run() -> None:
        rounds, done = Rounds(), list[str]()
        whose.set("another request's")
        rounds.add_writes(Caller("a", rounds, done))
        rounds.add_arrival(Asking("b", rounds, done))
        await turn()
        assert done == ["nobody's", "send a"]

    asyncio.run(run())
