import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

from serving.worker.http.joined_writes import JoinedWrites
from serving.worker.http.rounds import Rounds


class Wire:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closing = False
        self.ended = False

    def write(self, data: bytes) -> None:
        assert not self.closing
        assert not self.ended
        self.sent.append(data)

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


@in_a_loop
async def test_head_and_body_leave_in_one_piece() -> None:
    joined = JoinedWrites(wire := Wire(), Rounds())
    joined.write(b"head ")
    joined.write(b"body")
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"head body"]


@in_a_loop
async def test_writes_of_later_turns_leave_later_and_in_order() -> None:
    joined = JoinedWrites(wire := Wire(), Rounds())
    for part in (b"1", b"2", b"3"):
        joined.write(part)
        await asyncio.sleep(0)
    assert wire.sent == [b"1", b"2", b"3"]


@in_a_loop
async def test_close_sends_what_waits_and_nothing_twice() -> None:
    joined = JoinedWrites(wire := Wire(), Rounds())
    joined.write(b"last")
    joined.close()
    assert joined.is_closing()
    assert wire.sent == []
    await asyncio.sleep(0)
    assert (wire.sent, wire.closing) == ([b"last"], True)


@in_a_loop
async def test_close_with_nothing_waiting_is_at_once() -> None:
    joined = JoinedWrites(wire := Wire(), Rounds())
    joined.close()
    assert wire.closing


@in_a_loop
async def test_what_waits_for_a_caller_who_has_gone_is_dropped() -> None:
    joined = JoinedWrites(wire := Wire(), Rounds())
    joined.write(b"too late")
    wire.close()
    await asyncio.sleep(0)
    assert wire.sent == []


@in_a_loop
async def test_nothing_is_sent_after_the_end_and_the_connection_still_closes() -> None:
    joined = JoinedWrites(wire := Wire(), Rounds())
    joined.write(b"last")
    joined.write_eof()
    joined.write(b"too late")
    await asyncio.sleep(0)
    assert (wire.sent, wire.ended) == ([b"last"], True)
    joined.write(b"too late")
    await asyncio.sleep(0)
    joined.close()
    assert (wire.sent, wire.closing) == ([b"last"], True)


@in_a_loop
async def test_all_else_is_the_transports() -> None:
    assert JoinedWrites(Wire(), Rounds()).get_extra_info("socket") == "the socket"


@in_a_loop
async def test_what_all_connections_write_in_a_turn_leaves_in_the_next() -> None:
    rounds, wires = Rounds(), [Wire(), Wire(), Wire()]
    connections = [JoinedWrites(wire, rounds) for wire in wires]
    for turn in (b"1", b"2"):
        for connection in connections:
            connection.write(turn)
        assert all(turn not in wire.sent for wire in wires)
        await asyncio.sleep(0)
        assert all(wire.sent[-1] == turn for wire in wires)
