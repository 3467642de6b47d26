"""The socket that all workers accept connections from."""

import errno
import resource
import socket
import struct
import sys

from recsys.errors import ParameterError

BACKLOG = 2048  # uvicorn's own default

_QUEUED = struct.Struct("24xI")
"""Of ``struct tcp_info``, whose ``tcpi_unacked`` counts a listener's queue (tcp_diag_get_info in Linux)."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; the workers inherit it.

    Raises
    ------
    ParameterError
        When the address is taken, not of this machine, or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        remedy = "another program listens there; " if error.errno == errno.EADDRINUSE else ""
        raise ParameterError(
            f"cannot listen on {host}:{port} ({error.strerror}); {remedy}set RECSYS_API__HOST and RECSYS_API__PORT"
        ) from None
    listener.listen(BACKLOG)
    return listener


def has_queue(listener: socket.socket) -> bool:
    """Return whether connections wait that nobody has accepted yet; False where the system does not tell."""
    if sys.platform != "linux":
        return False
    (n_queued,) = _QUEUED.unpack(listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _QUEUED.size))
    return bool(n_queued)


def allow_many_connections() -> None:
    """Raise this process's limit of open files to what the machine allows; workers inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def address_of(listener: socket.socket) -> str:
    """Return the address to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"
