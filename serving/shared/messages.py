"""Messages between the parent and the jobs it has started: one line of JSON each, over a socket of their own."""

import json
import socket
from typing import Any

from recsys.errors import ArtifactError, NotRegisteredError, RegistryError

ERRORS = {error.__name__: error for error in (ArtifactError, NotRegisteredError, RegistryError)}
"""The errors that a job may answer with; every other one counts as the last of them."""

LONGEST_BYTES = 64_000_000
"""No answer of a registry comes near; one that does not end is not read to its end."""


class ClosedError(Exception):
    """The other side is gone."""


class Messages:
    """Both directions of one socket.

    Parameters
    ----------
    connection
        Closed by `close`.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = bytearray()

    def send(self, message: Any) -> None:
        """Send a message; `ClosedError` when nobody takes it, `TimeoutError` when that takes too long."""
        try:
            self._connection.sendall(json.dumps(message).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ClosedError(str(error)) from None

    def receive(self, seconds: float | None = None) -> Any:
        """Return the next message; `ClosedError` when none comes any more, `TimeoutError` when none comes in time."""
        self._connection.settimeout(seconds)
        while b"\n" not in self._received:
            try:
                piece = self._connection.recv(65536)
            except ConnectionResetError as error:
                raise ClosedError(str(error)) from None
            self._received += piece
            if not piece or len(self._received) > LONGEST_BYTES:
                raise ClosedError("the other side has ended")
        line, _, rest = self._received.partition(b"\n")
        self._received = bytearray(rest)
        return json.loads(line)

    def close(self) -> None:
        """Close the socket."""
        self._connection.close()


def failure(error: Exception, text: str) -> dict[str, str]:
    """Return the message that tells of an error."""
    known = [name for name, kind in ERRORS.items() if isinstance(error, kind)]
    return {"error": known[0] if known else RegistryError.__name__, "text": text}


def answer_in(message: dict[str, Any]) -> Any:
    """Return the answer that a message holds, or raise the error that it tells of."""
    if "error" in message:
        raise ERRORS[message["error"]](message["text"])
    return message["answer"]
