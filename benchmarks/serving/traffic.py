"""The service with a Challenger on half of the traffic, or in the shadow, beside itself without.

Both servers have the same two versions of one method, so that what differs is the split alone.
"""

import asyncio
import json
import math
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.serving.contenders import RECOMMEND, Case, first_line, start_ours
from benchmarks.serving.processes import Server, ask, environment
from benchmarks.serving.questions import Questions
from benchmarks.serving.store import tracking_uri, train

HALVES = "ours: recommend, halves to a Challenger"
PLAIN = "ours: recommend"
SHADOWS = ("20%", "100%")
PACE = 200
"""Requests a second, far below what the server can answer: what is measured is no queue."""

ROUNDS = 5
SECONDS = 8
WAIT_SECONDS = 300.0

N_PAIRED, TIMES = 600, 12
"""Questions that both servers are asked in turn, so often; the quickest answers are what no other program disturbed."""


@dataclass(frozen=True)
class Waits:
    """How long the requests of one run waited for their answers, milliseconds."""

    p50: float
    p99: float
    p999: float


@contextmanager
def running_split(home: Path, data_dir: Path, cpu: int, *flags: str) -> Iterator[Server]:
    """Yield our server over a copy of the registry in which ``traffic`` was called with these flags."""
    own = home / f"traffic {' '.join(flags)}".replace("%", "").replace(" ", "-")
    if not (home / "challenger.db").exists():
        shutil.copy(home / "mlflow.db", home / "before.db")
        train(home, data_dir)
        shutil.copy(home / "mlflow.db", home / "challenger.db")
        shutil.copy(home / "before.db", home / "mlflow.db")
    own.mkdir()
    shutil.copy(home / "challenger.db", own / "mlflow.db")
    command = [sys.executable, "-m", "training", "traffic", *flags]
    variables = {"MLFLOW_TRACKING_URI": tracking_uri(own)}
    subprocess.run(command, cwd=own, env=environment(variables), check=True, capture_output=True)
    server = start_ours(own, cpu=cpu, workers=1)
    try:
        _wait_for_challenger(server)
        yield server
    finally:
        server.stop()


@contextmanager
def split_cases(home: Path, data_dir: Path, questions: Questions, cpu: int) -> Iterator[dict[str, Case]]:
    """Yield our server with a split of halves and the same server without, by the names of the cases."""
    with ExitStack() as stack:
        plain = start_ours(home, cpu=cpu, workers=1)
        stack.callback(plain.stop)
        plain.wait_until_it_answers("POST", RECOMMEND, first_line(questions.ours))
        halves = stack.enter_context(running_split(home, data_dir, cpu, "50%"))
        yield {
            PLAIN: Case(PLAIN, plain, RECOMMEND, questions.ours),
            HALVES: Case(HALVES, halves, RECOMMEND, questions.ours),
        }


def about_pairs(cases: Mapping[str, Case]) -> str:
    """Return how long the answers of both servers take at their quickest, each question asked in turn."""
    bodies = first_lines(cases[PLAIN].bodies, N_PAIRED)
    connections = {name: HTTPConnection("127.0.0.1", case.server.port, timeout=30) for name, case in cases.items()}
    quickest = {name: [math.inf] * len(bodies) for name in cases}
    for time_of in range(TIMES):
        for number, body in enumerate(bodies):
            for name in list(cases)[:: -1 if (time_of + number) % 2 else 1]:
                found = quickest[name]
                found[number] = min(found[number], _seconds(connections[name], body, number))
    for connection in connections.values():
        connection.close()
    plain, halves = (statistics.mean(quickest[name]) * 1e6 for name in (PLAIN, HALVES))
    return (
        f"one connection, {len(bodies)} questions in turn, the quickest of {TIMES} answers to each, client included: "
        f"{plain:.0f} us without, {halves:.0f} us with halves to a Challenger, ratio {plain / halves:.3f}"
    )


def first_lines(path: Path | None, number: int) -> list[bytes]:
    """Return the first bodies of a file."""
    return path.read_bytes().splitlines()[:number] if path else []


def _seconds(connection: HTTPConnection, body: bytes, number: int) -> float:
    # The id is the same for both, so that the caller always gets the same version.
    headers = {"Content-Type": "application/json", "X-Correlation-ID": f"call-{number}"}
    started = time.perf_counter()
    connection.request("POST", RECOMMEND, body, headers)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"a request failed with {answer.status}")
    return time.perf_counter() - started


def about_shadow(home: Path, data_dir: Path, questions: Questions, cpu: int) -> str:
    """Return how long callers wait with and without a Challenger in the shadow, at a pace that the server bears."""
    bodies = questions.ours.read_bytes().splitlines()
    with ExitStack() as stack:
        plain = start_ours(home, cpu=cpu, workers=1)
        stack.callback(plain.stop)
        plain.wait_until_it_answers("POST", RECOMMEND, bodies[0])
        servers = {"without": plain}
        for share in SHADOWS:
            servers[share] = stack.enter_context(running_split(home, data_dir, cpu, "--shadow", share))
        found: dict[str, list[Waits]] = {name: [] for name in servers}
        for number in range(ROUNDS):
            for name in list(servers)[:: -1 if number % 2 else 1]:
                found[name].append(asyncio.run(paced(servers[name].port, bodies)))
        counts = {name: _shadow_counts(servers[name]) for name in servers if name != "without"}
    lines = [f"answers in the shadow, {PACE} requests a second, medians of {ROUNDS} rounds of {SECONDS} s:"]
    lines += ["| in the shadow | p50 ms | p99 ms | p99.9 ms | compared | dropped |", "|---|---:|---:|---:|---:|---:|"]
    for name, waits in found.items():
        p50, p99, p999 = (statistics.median(getattr(one, key) for one in waits) for key in ("p50", "p99", "p999"))
        counted = "{compared:,} | {dropped:,}".format(**counts[name]) if name in counts else "|"
        lines.append(f"| {name} | {p50:.2f} | {p99:.2f} | {p999:.2f} | {counted} |")
    return "\n".join(lines)


async def paced(port: int, bodies: Sequence[bytes]) -> Waits:
    """Return the waits of requests that are sent by the clock, each over a connection that is free."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(8):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    waits: list[float] = []

    async def one(body: bytes, due: float) -> None:
        reader, writer = await free.get()
        head = f"POST {RECOMMEND} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"a request failed: {answer.decode()}")
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        waits.append((time.perf_counter() - due) * 1000)
        free.put_nowait((reader, writer))

    started, tasks = time.perf_counter(), []
    for number in range(PACE * SECONDS):
        due = started + number / PACE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(bodies[number % len(bodies)], due)))
    await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait()[1].close()
    cuts = statistics.quantiles(waits, n=1000)
    return Waits(cuts[499], cuts[989], cuts[998])


def _wait_for_challenger(server: Server) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    traffic = None
    while time.monotonic() < deadline:
        traffic = json.loads(ask(server.port, "GET", "/metrics") or b"{}").get("traffic")
        if traffic is not None:
            return
        time.sleep(0.2)
    raise RuntimeError(f"the Challenger does not come:\n{server.log.read_text()[-2000:]}")


def _shadow_counts(server: Server) -> dict[str, int]:
    counts: dict[str, int] = json.loads(ask(server.port, "GET", "/metrics") or b"{}")["traffic"]["shadow"]
    return counts
