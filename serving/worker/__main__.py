"""A worker: answers requests from the published model. Started by the parent, never by hand."""

import argparse
import asyncio
import faulthandler
import gc
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import uvicorn

from recsys.logs import flush_logs, n_dropped_lines, set_up_logs
from recsys.settings import read_settings
from serving.shared.board import Board
from serving.shared.heartbeat import STACK_SIGNAL, Watch
from serving.shared.process_privacy import hide_from_same_user
from serving.worker.app import create_app, short_ways_of
from serving.worker.heartbeat import ParentWatch
from serving.worker.http.hosts import hosts_of
from serving.worker.http.limits import connection_limits
from serving.worker.http.protocol import BoundedHttpProtocol, protocol_with
from serving.worker.http.refusal import noting
from serving.worker.http.shared import Shared
from serving.worker.metrics.counters import Metrics
from serving.worker.state import Services

GRACE_SECONDS = 8
"""How long requests in flight may take once the worker is to end; less than the ten seconds that Docker waits."""


TICKS_PER_SECOND = 10
"""Of uvicorn's main loop."""

FIRST_REQUEST_SECONDS = 0.75
"""How long a connection that has just been accepted may take to send its request once the worker is to end."""


class WorkerServer(uvicorn.Server):
    """Uvicorn, which drains and ends when told to by SIGTERM or when the parent is gone.

    Parameters
    ----------
    lifeline
        Descriptor of a pipe whose other end only the parent holds: it ends when the parent does, however that dies.
    metrics
        Where the number of connections is shown.
    """

    def __init__(self, config: uvicorn.Config, lifeline: int, metrics: Metrics) -> None:
        super().__init__(config)
        self._lifeline = lifeline
        self._metrics = metrics

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to SIGTERM; SIGINT is for the parent, which passes on what it means."""
        signal.signal(signal.SIGTERM, self._end)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept, and to watch the parent."""
        await super().startup(sockets)
        # What has been made so far stays; the collector need not look at it again and again.
        gc.freeze()
        asyncio.get_running_loop().add_reader(self._lifeline, self._end)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing more, let connections that are just open send their request, then drain and end."""
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        ends = loop.time() + FIRST_REQUEST_SECONDS
        await asyncio.sleep(1 / TICKS_PER_SECOND)
        connections = cast("set[BoundedHttpProtocol]", self.server_state.connections)
        while loop.time() < ends and any(connection.cycle is None for connection in connections):
            await asyncio.sleep(1 / TICKS_PER_SECOND)
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Look at the connections once a second."""
        if counter % TICKS_PER_SECOND == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                cast("BoundedHttpProtocol", connection).expire(now)
            self._metrics.show(n_connections=len(self.server_state.connections), n_dropped_lines=n_dropped_lines())
        return await super().on_tick(counter)

    def _end(self, *_: object) -> None:
        if not self.should_exit:
            self.should_exit = True
            asyncio.get_running_loop().remove_reader(self._lifeline)


def main(argv: Sequence[str]) -> None:
    """Serve until told to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hide_from_same_user()
    arguments = _arguments(argv)
    # Also from an endless loop, so that the parent can tell in the log where a worker hangs.
    faulthandler.register(STACK_SIGNAL, file=arguments.stack, all_threads=True)
    settings = read_settings()
    set_up_logs(settings.logging.level, as_json=settings.environment == "prod", may_block=False)
    board = Board(arguments.board, settings.n_workers)
    parent = ParentWatch(arguments.parent, Watch(settings.api.hang_seconds), ends_it=settings.environment == "prod")
    app = create_app(settings, board=board, slot=arguments.slot, parent=parent, check_files=arguments.check_files)
    services: Services = app.state.services
    metrics = services.metrics
    shared = Shared(connection_limits(settings.limits), hosts_of(settings), noting(metrics), services.served.version)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        # Any caller can write X-Forwarded-For; the address counts for guesses of the admin token.
        proxy_headers=False,
        http=protocol_with(shared, short_ways_of(app)),
        backlog=arguments.backlog,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    WorkerServer(config, arguments.lifeline, metrics).run(sockets=[socket.socket(fileno=arguments.listener)])
    flush_logs()


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m serving.worker", description=__doc__)
    for name in ("listener", "lifeline", "board", "stack", "slot", "parent", "backlog"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--check-files", action="store_true")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main(sys.argv[1:])
