"""The socket that all workers accept connections from."""

import errno
import resource
import socket

from recsys.errors import ParameterError

BACKLOG = 2048  # uvicorn's own default


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


def allow_many_connections() -> None:
    """Raise this process's limit of open files to what the machine allows; workers inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def address_of(listener: socket.socket) -> str:
    """Return the address to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"
