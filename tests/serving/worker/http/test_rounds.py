import asyncio
from collections.abc import Iterator

from serving.worker.http.rounds import Rounds


class Caller:
    """A connection that writes down what is done with it, among what is done with others."""

    def __init__(self, name: str, rounds: Rounds, done: list[str], *, fails: bool = False) -> None:
        self.name = name
        self.rounds = rounds
        self.done = done
        self.fails = fails

    def begin_request(self) -> Iterator[None]:
        self.done.append(f"begin {self.name}")
        yield
        if self.fails:
            raise ZeroDivisionError
        self.done.append(f"end {self.name}")
        self.rounds.send(self)

    def fail(self, error: Exception) -> None:
        self.done.append(f"{type(error).__name__} {self.name}")

    def send(self) -> None:
        self.done.append(f"send {self.name}")


async def turn() -> None:
    await asyncio.sleep(0)


def test_all_take_a_step_before_any_takes_the_next() -> None:
    async def run() -> None:
        rounds, done = Rounds(), list[str]()
        for name in "abc":
            rounds.begin(Caller(name, rounds, done))
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
            rounds.send(Caller(name, rounds, done))
            await turn()
            assert done[-1] == f"send {name}"

    asyncio.run(run())


def test_one_that_fails_holds_up_no_other() -> None:
    async def run() -> None:
        rounds, done = Rounds(), list[str]()
        for name in "abc":
            rounds.begin(Caller(name, rounds, done, fails=name == "b"))
        await turn()
        assert done[3:] == ["end a", "ZeroDivisionError b", "end c", "send a", "send c"]
        rounds.begin(Caller("d", rounds, done))
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
            rounds.begin(caller)
        await turn()
        await turn()
        assert done == ["begin a", "begin b", "end a", "end b", "send b"]
        assert told == ["RuntimeError()"]

    asyncio.run(run())
