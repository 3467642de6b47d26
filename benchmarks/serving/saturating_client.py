"""A client that asks as fast as it is answered, until SIGTERM; a process of its own, started by `changeover`."""

import http.client
import json
import signal
import sys
import threading
from collections.abc import Sequence
from itertools import cycle, takewhile
from pathlib import Path

from benchmarks.serving.contenders import RECOMMEND

PATIENCE_SECONDS = 60.0


def main(arguments: Sequence[str]) -> None:
    """Ask the questions of a file in turn, from one on; print how many were asked, and how many failed, in the end."""
    port, path, first = int(arguments[0]), Path(arguments[1]), int(arguments[2])
    bodies = path.read_bytes().splitlines()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    n_asked = n_failed = 0
    told_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told_to_end.set())
    print("ready", flush=True)
    for body in takewhile(lambda _: not told_to_end.is_set(), cycle(bodies[first:] + bodies[:first])):
        n_failed += not _is_answered(connection, body)
        n_asked += 1
    print(json.dumps({"asked": n_asked, "failed": n_failed}), flush=True)


def _is_answered(connection: http.client.HTTPConnection, body: bytes) -> bool:
    try:
        connection.request("POST", RECOMMEND, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return False
    return answer.status == 200


if __name__ == "__main__":
    main(sys.argv[1:])
