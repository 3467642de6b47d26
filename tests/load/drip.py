"""A server that never ends its answers: one byte now and then, so that no time-out of a socket ends them."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"


@contextmanager
def dripping_server(seconds: float = 0.5) -> Iterator[str]:
    """Yield the address of a server that sends a byte of each answer every so many seconds."""
    listener, ended = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip(caller: socket.socket) -> None:
        with suppress(OSError), caller:
            caller.recv(65536)
            caller.sendall(HEAD)
            while not ended.wait(seconds):
                caller.sendall(b" ")

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@contextmanager
def switch_between(first: str) -> Iterator[tuple[str, Callable[[str], None]]]:
    """Yield an address that stands for one server after another, and a function that switches to the next.

    Connections to the server before are ended, as a caller may keep one for its next questions.
    """
    listener, target = socket.create_server(("127.0.0.1", 0)), [first]
    opened: set[socket.socket] = set()

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                sink.sendall(content)
            sink.shutdown(socket.SHUT_WR)

    def serve(caller: socket.socket) -> None:
        where = urlsplit(target[0])
        address = (str(where.hostname), int(where.port or 80))
        with suppress(OSError), caller, socket.create_connection(address) as server:
            opened.add(server)
            back = threading.Thread(target=copy, args=(server, caller), daemon=True)
            back.start()
            copy(caller, server)
            back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    def switch(url: str) -> None:
        target[0] = url
        for server in list(opened):
            opened.discard(server)
            with suppress(OSError):  # ended already
                server.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", switch
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
