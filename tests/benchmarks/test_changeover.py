"""The clients of the benchmark of change-overs, against a server that fails now and then."""

import http.server
import json
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from benchmarks.serving import changeover
from benchmarks.serving.changeover import saturating_clients

N_ANSWERS = 60


class Failing(http.server.BaseHTTPRequestHandler):
    """Answers every third request with 503, and notes the bodies."""

    protocol_version = "HTTP/1.1"
    numbers = count(1)
    bodies: list[bytes]
    enough: threading.Event

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        if len(self.bodies) >= N_ANSWERS:
            self.enough.set()
        self.send_response(200 if next(self.numbers) % 3 else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    Failing.bodies, Failing.enough = [], threading.Event()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_saturating_clients_ask_without_end_and_count_what_fails(
    server: http.server.ThreadingHTTPServer, tmp_path: Path
) -> None:
    questions = tmp_path / "questions"
    questions.write_text("".join(f"{number}\n" for number in range(250)))
    with saturating_clients(server.server_port, questions, 2) as clients:
        assert Failing.enough.wait(120)
    counts = [json.loads(client.communicate(timeout=120)[0]) for client in clients]
    assert [client.returncode for client in clients] == [0, 0]
    asked, failed = (sum(found[name] for found in counts) for name in ("asked", "failed"))
    assert N_ANSWERS - 2 <= asked <= len(Failing.bodies)
    assert abs(failed - asked / 3) <= 2
    assert {b"0", b"100"} <= set(Failing.bodies), "each begins with another question"


def test_wait_for_a_version_that_does_not_come_ends_with_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changeover, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(changeover, "_version_of", lambda _: "1")
    (tmp_path / "log").write_text("the registry does not answer")
    service = changeover.Server(None, 0, tmp_path / "log")  # type: ignore[arg-type]  it is not asked
    changeover._wait_until_all_answer(service, "1", 2)
    with pytest.raises(RuntimeError, match="version 2 does not come:\nthe registry does not answer"):
        changeover._wait_until_all_answer(service, "2", 2)
