import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys import log_writer
from recsys.log_writer import LineWriter

PIPE_SIZE = 64 * 1024


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def note(count: int) -> str:
    return f"{count} dropped\n"


def read_until(descriptor: int, wanted: bytes) -> bytes:
    content = b""
    while wanted not in content:
        content += os.read(descriptor, PIPE_SIZE)
    return content


def test_lines_come_out_in_order(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        writer = LineWriter(log.fileno(), note)
        for number in range(5000):
            writer.put(f"{number}\n")
        assert writer.flush(60)
    assert (tmp_path / "log").read_text().split() == [str(number) for number in range(5000)]
    assert writer.dropped == 0


def test_pipe_that_nobody_reads_holds_up_nobody_and_dropped_lines_are_told(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "MAX_WAITING_LINES", 100)
    writer = LineWriter(pipe[1], note)
    for _ in range(2000):
        writer.put("x" * 999 + "\n")
    assert 1000 < writer.dropped < 2000
    assert not writer.flush(0.01)
    dropped = writer.dropped
    content = read_until(pipe[0], b"x" * 999 + b"\n")
    while not writer.flush(0.01):
        content += os.read(pipe[0], PIPE_SIZE)
    writer.put("end\n")
    content += read_until(pipe[0], b"end\n")
    lines = content.decode().splitlines()
    assert f"{dropped} dropped" in lines
    assert lines.count("x" * 999) == 2000 - dropped


def test_full_disk_fails_nothing_and_is_counted() -> None:
    with Path("/dev/full").open("wb") as full:
        writer = LineWriter(full.fileno(), note)
        writer.put("lost\n")
        assert writer.flush(60)
    assert writer.dropped == 1


def test_reader_that_has_gone_fails_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing, note)
    writer.put("lost\n")
    assert writer.flush(60)
    assert writer.dropped == 1
    os.close(writing)


def test_descriptor_that_does_not_block_is_waited_for_by_the_thread(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    writer = LineWriter(pipe[1], note)
    for _ in range(200):
        writer.put("y" * 999 + "\n")
    content = b""
    while content.count(b"\n") < 200:
        content += os.read(pipe[0], PIPE_SIZE)
    assert content == (b"y" * 999 + b"\n") * 200
    assert writer.dropped == 0


def test_lone_surrogate_is_written_escaped(pipe: tuple[int, int]) -> None:
    LineWriter(pipe[1], note).put("a\ud800b\n")
    assert read_until(pipe[0], b"\n") == b"a\\ud800b\n"
