"""Change-overs while every processor is taken by callers: nobody waits long for the new version, nobody is refused."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from typing import Any

import pytest
from load.served_versions import ServedVersions
from mlflow import MlflowClient
from service_process import Service

pytestmark = pytest.mark.slow

N_WORKERS, N_CLIENTS, N_MOVES = 2, 6, 8
GENEROUS_SECONDS = 60.0

CLIENT = """
import http.client, itertools, json, sys
port, failed, done = int(sys.argv[1]), 0, 0
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
print("ready", flush=True)
import signal
signal.signal(signal.SIGTERM, lambda *_: (print(json.dumps([done, failed]), flush=True), sys.exit(0)))
for number in itertools.count():
    body = json.dumps({"user_ratings": {str(10 + number % 890 * 10): 5, "20": 4}, "n": 20})
    try:
        connection.request("POST", "/recommend", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        failed += answer.status != 200
    except OSError:
        failed += 1
        connection.close()
    done += 1
"""


@contextmanager
def saturating_clients(port: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Yield clients that ask as fast as they are answered, each in a process of its own."""
    command = [sys.executable, "-c", CLIENT, str(port)]
    clients = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(N_CLIENTS)]
    for client in clients:
        assert client.stdout is not None
        assert client.stdout.readline() == "ready\n"
    try:
        yield clients
    finally:
        for client in clients:
            client.terminate()


def all_workers_serve(service: Service, version: str) -> bool:
    """Return whether every one of many new connections, which the workers share, is answered by a version."""
    return all(service.ask("/health/live").version == version for _ in range(6 * N_WORKERS))


def test_change_overs_under_saturating_clients_reach_all_workers_and_fail_no_request(
    start_service: Any, served: ServedVersions
) -> None:
    served.registry.set_alias("Busy", 1)
    service = start_service(
        "Busy", MLFLOW_TRACKING_URI=served.url, RECSYS_API__WORKERS=str(N_WORKERS), RECSYS_MODEL__POLL_SECONDS="1"
    )
    service.wait_for_version("1")
    service.wait_until(lambda: service.ask("/metrics").json["workers"] == N_WORKERS)
    someone_else = MlflowClient(tracking_uri=served.url)
    with saturating_clients(service.port) as clients:
        for version in islice(cycle(("2", "1")), N_MOVES):
            # In one spelling only, as MLflow's own UI does it, so that the ledger has to be completed each time.
            someone_else.set_registered_model_alias("movie-recommender", "busy", version)
            service.wait_until(lambda wanted=version: all_workers_serve(service, wanted), GENEROUS_SECONDS)  # type: ignore[misc]
    counts = [json.loads(client.communicate(timeout=600)[0]) for client in clients]
    assert sum(done for done, _ in counts) > 0
    assert sum(failed for _, failed in counts) == 0
