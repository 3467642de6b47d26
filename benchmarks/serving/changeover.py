"""How long a moved alias takes to reach all workers while every processor is taken by callers.

Trains two versions into a temporary registry with a server of its own, starts the service and clients that ask without
a pause, and moves the alias to and fro as MLflow's UI does. Linux only.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from tqdm import tqdm

from benchmarks.data import add_data_dir, open_data
from benchmarks.machine import machine
from benchmarks.serving.contenders import RECOMMEND, first_line, start_ours
from benchmarks.serving.processes import REPOSITORY, Server, environment, free_port, start_server
from benchmarks.serving.questions import write_questions
from benchmarks.serving.store import tracking_uri, train

MODEL, ALIAS = "movie-recommender", "production"
"""In one spelling only, as someone else moves it, so that the service has the ledger to complete as well."""

PROBES_PER_WORKER = 8
"""So many new connections in a row have to be answered by the new version; the workers share them."""

PATIENCE_SECONDS = 300.0
RATINGS = 10


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    dataset, place = open_data(options.data_dir)
    with tempfile.TemporaryDirectory(prefix="changeover-benchmark-") as scratch:
        home = Path(scratch)
        train(home, place)
        train(home, place)
        questions = write_questions(dataset, RATINGS, int(dataset.catalog.movie_ids[0]), home).ours
        print(machine(), flush=True)
        with running_services(home, options.workers, options.poll) as (registry, service):
            _wait_until_all_answer(service, "1", options.workers)
            with saturating_clients(service.port, questions, options.clients) as clients:
                seconds = move_to_and_fro(registry, service, options.moves, options.workers)
            counts = [json.loads(client.communicate()[0]) for client in clients]
    asked, failed = (sum(count[name] for count in counts) for name in ("asked", "failed"))
    print(
        f"{options.moves} moves of the alias, {options.workers} workers, {options.clients} clients without a pause, "
        f"a poll of {options.poll:g} s:\nall workers serve the new version after "
        f"{statistics.median(seconds):.1f} s (median), {max(seconds):.1f} s (slowest; "
        f"the first, which fetches it, {seconds[0]:.1f} s); {failed} of {asked:,} requests failed"
    )
    return 0


@contextmanager
def running_services(home: Path, workers: int, poll_seconds: float) -> Iterator[tuple[str, Server]]:
    """Yield the address of a registry's server, and our service that follows it."""
    port = free_port()
    store = ["--backend-store-uri", tracking_uri(home), "--default-artifact-root", str(home / "mlruns")]
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command = [sys.executable, "-m", "mlflow", "server", *store, *where]
    registry = start_server(command, port=port, folder=home, cpu=None)
    url = f"http://127.0.0.1:{port}"
    try:
        registry.wait_until_it_answers("GET", "/health")
        service = start_ours(
            home, cpu=None, workers=workers, registry=url, RECSYS_MODEL__POLL_SECONDS=str(poll_seconds)
        )
        try:
            service.wait_until_it_answers("POST", RECOMMEND, first_line(home / "ours.jsonl"))
            yield url, service
        finally:
            service.stop()
    finally:
        registry.stop()


@contextmanager
def saturating_clients(port: int, questions: Path, n_clients: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Yield clients in processes of their own, each from another question on, and tell them to end."""
    command = [sys.executable, "-m", "benchmarks.serving.saturating_client", str(port), str(questions)]
    clients = [
        subprocess.Popen(
            [*command, str(number * 100)], cwd=REPOSITORY, env=environment({}), stdout=subprocess.PIPE, text=True
        )
        for number in range(n_clients)
    ]
    try:
        for client in clients:
            if client.stdout is None or client.stdout.readline() != "ready\n":
                raise RuntimeError("a client does not start")
        yield clients
    finally:
        for client in clients:
            client.terminate()


def move_to_and_fro(registry: str, service: Server, n_moves: int, n_workers: int) -> list[float]:
    """Return how long each move took to reach all workers, seconds; at most, as it is asked for again and again."""
    seconds = []
    for version in tqdm(islice(cycle(("2", "1")), n_moves), total=n_moves, file=sys.stderr, disable=None):
        _move(registry, version)
        began = time.monotonic()
        _wait_until_all_answer(service, version, n_workers)
        seconds.append(time.monotonic() - began)
    return seconds


def _move(registry: str, version: str) -> None:
    body = json.dumps({"name": MODEL, "alias": ALIAS, "version": version}).encode()
    url, headers = f"{registry}/api/2.0/mlflow/registered-models/alias", {"Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=PATIENCE_SECONDS):
        pass


def _wait_until_all_answer(service: Server, version: str, n_workers: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not all(_version_of(service.port) == version for _ in range(PROBES_PER_WORKER * n_workers)):
        if time.monotonic() > deadline:
            raise RuntimeError(f"version {version} does not come:\n{service.log.read_text()[-2000:]}")


def _version_of(port: int) -> str | None:
    """Return the version that answers over a new connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        answer.read()
        return answer.getheader("X-Model-Version")
    finally:
        connection.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks changeover", description=__doc__)
    add_data_dir(parser)
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default: 2)")
    parser.add_argument("--clients", type=int, default=6, help="clients that ask without a pause (default: 6)")
    parser.add_argument("--moves", type=int, default=20, help="moves of the alias (default: 20)")
    parser.add_argument("--poll", type=float, default=1.0, help="seconds between looks at the registry (default: 1)")
    return parser
