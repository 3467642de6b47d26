"""A gate in front of a server on this machine: open, shut, or stuck in the middle of an answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PIECE = 4096
LONGEST_SECONDS = 120.0


class Gate:
    """What goes through the gate.

    Attributes
    ----------
    url
        Its address.
    holds_back
        When a request holds these bytes, its answer stops after `lets_through` bytes until `release`.
    stuck
        Set once an answer is held back.
    """

    def __init__(self, target: str) -> None:
        where = urlsplit(target)
        self._target = (str(where.hostname), int(where.port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._is_open = True
        self.holds_back: bytes | None = None
        self.lets_through = 0
        self.stuck = threading.Event()
        self._released = threading.Event()
        self._sockets: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def shut(self) -> None:
        """End all connections, and every new one at once, as with a dead server."""
        self._is_open = False
        self._end(self._sockets[1:])

    def open(self) -> None:
        """Let connections through again."""
        self._is_open = True

    def release(self) -> None:
        """Let everything through from now on."""
        self.holds_back = None
        self._released.set()

    def end(self) -> None:
        """End all connections, and the gate."""
        self.release()
        self._is_open = False
        self._end(self._sockets)
        for thread in self._threads:
            thread.join(10)
        for opened in self._sockets:
            opened.close()

    @staticmethod
    def _end(sockets: list[socket.socket]) -> None:
        for opened in sockets:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(caller)
            if not self._is_open:
                caller.close()
                continue
            self._threads.append(threading.Thread(target=self._serve, args=(caller,), daemon=True))
            self._threads[-1].start()

    def _serve(self, caller: socket.socket) -> None:
        """Pass on one request and its answer after another, as a caller waits for one before it sends the next."""
        with suppress(OSError), socket.create_connection(self._target) as server:
            self._sockets.append(server)
            held = threading.Event()
            back = threading.Thread(target=self._back, args=(server, caller, held), daemon=True)
            back.start()
            while content := caller.recv(PIECE):
                if self.holds_back and self.holds_back in content:
                    held.set()
                server.sendall(content)
            server.shutdown(socket.SHUT_WR)
            back.join(LONGEST_SECONDS)

    def _back(self, server: socket.socket, caller: socket.socket, held: threading.Event) -> None:
        n_passed = 0
        with suppress(OSError):
            while content := server.recv(PIECE):
                if held.is_set():
                    n_passed += len(content)
                    if n_passed > self.lets_through:
                        self.stuck.set()
                        self._released.wait(LONGEST_SECONDS)
                caller.sendall(content)
            caller.shutdown(socket.SHUT_WR)


@contextmanager
def gate_to(target: str) -> Iterator[Gate]:
    """Yield a gate in front of a server."""
    gate = Gate(target)
    try:
        yield gate
    finally:
        gate.end()
