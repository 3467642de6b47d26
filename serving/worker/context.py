"""What belongs to one request, from the moment it comes in."""

import os
import re
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.types import Scope

from recsys.errors import ModelUnavailableError
from recsys.log_lines import RequestFields
from serving.worker.loaded_model import LoadedModel
from serving.worker.traffic.split import Split, Turn, takes_part, turn_of

CORRELATION_HEADER = b"x-correlation-id"
NO_MODEL = "none"
"""Value of ``X-Model-Version`` as long as there is no model."""

LOGGED_PATH = 300
"""So many characters of a path are logged; however they are escaped, the line fits into a pipe in one piece."""

_SANE = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_KEY = "recsys.context"

DRAWN_AT_ONCE = 256
_random_digits: list[str] = []


@dataclass(slots=True)
class RequestContext:
    """What belongs to one request.

    Attributes
    ----------
    fields
        What its log lines have in common.
    model
        The model that answers it, whatever is published meanwhile; None when there is none yet.
    error
        Name of the error that it ends in, if it does.
    turn
        Its part in a split, None when it has none.
    """

    fields: RequestFields
    loaded: LoadedModel | None
    error: str | None = None
    turn: Turn | None = None

    @property
    def model(self) -> LoadedModel:
        """Return the model that answers.

        Raises
        ------
        ModelUnavailableError
            When there is none yet.
        """
        if self.loaded is None:
            raise ModelUnavailableError("no model has been published yet; /health tells why")
        return self.loaded

    @property
    def version(self) -> str:
        """Return the model's version, as the header carries it."""
        return self.loaded.version if self.loaded else NO_MODEL

    def take_turn(self, split: Split, scope: Scope) -> None:
        """Let a split say which version answers, if the route has a part in it."""
        if takes_part(scope["path"]):
            self.turn = turn_of(split, scope, self.fields.correlation_id)
            self.loaded = self.turn.model

    def name_caller(self, user_id: str | int | None) -> None:
        """Let the id in the body, if there is one, say who asks."""
        if self.turn is not None and user_id is not None:
            self.turn.name_caller(user_id)
            self.loaded = self.turn.model

    def answer_by(self, model: LoadedModel) -> None:
        """Let a version answer that the caller has named; the request then has no part in a split."""
        self.loaded, self.turn = model, None


def open_context(scope: Scope, model: LoadedModel | None) -> RequestContext:
    """Return the context of a request that has just come in, and attach it to its scope."""
    fields = RequestFields(correlation_id_of(scope), scope["method"], path_to_log(scope))
    context = scope[_KEY] = RequestContext(fields, model)
    return context


def context_of(connection: HTTPConnection) -> RequestContext:
    """Return the context of a request."""
    context: RequestContext = connection.scope[_KEY]
    return context


def path_to_log(scope: Scope) -> str:
    """Return as much of a path as is logged."""
    path: str = scope["path"]
    return path[:LOGGED_PATH]


def correlation_id_of(scope: Scope) -> str:
    """Return the caller's id when it is one that no log or header can be forged with, else a new UUID."""
    for name, value in scope["headers"]:
        if name == CORRELATION_HEADER:
            if _SANE.fullmatch(value):
                return str(value, "ascii")
            break
    return random_uuid()


def random_uuid() -> str:
    """Return a new UUID of version 4 (RFC 9562, 5.4), in a tenth of the time that `uuid.uuid4` takes."""
    if not _random_digits:
        # One system call for many, as it takes longer than all else here; a worker is never forked, so none is shared.
        digits = os.urandom(16 * DRAWN_AT_ONCE).hex()
        _random_digits.extend(digits[start : start + 32] for start in range(0, len(digits), 32))
    digits = _random_digits.pop()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
