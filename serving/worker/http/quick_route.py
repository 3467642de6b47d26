"""A short way through FastAPI for requests that are plain and right; all others take the long one.

FastAPI spends more on taking a small request apart than the model on answering it. A route may name a function that
knows a plain request at a glance and answers it; whatever that function does not know, and above all what is wrong,
goes FastAPI's way, so that there is one place for validation, errors and documentation.
"""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

Quick = Callable[[Request], Awaitable[Response | None]]
"""Returns the answer, or None to leave the request to FastAPI."""

_quick_ways: dict[Callable[..., Any], Quick] = {}


def quick_way(quick: Quick) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives an endpoint its short way; the router has to have `QuickRoute` as its class."""

    def give(endpoint: Callable[..., Any]) -> Callable[..., Any]:
        _quick_ways[endpoint] = quick
        return endpoint

    return give


class QuickRoute(APIRoute):
    """A route that tries the short way of its endpoint first, if there is one."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        quick = _quick_ways.get(self.endpoint)
        if quick is None or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        recorded = Recorded(receive)
        response = await quick(Request(scope, recorded.receive))
        if response is None:
            await super().handle(scope, recorded.receive_again, send)
        else:
            await response(scope, receive, send)


class Recorded:
    """What has come in of a request, so that it can be read once more."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._messages: deque[Message] = deque()

    async def receive(self) -> Message:
        """Return the next message, and keep it."""
        message = await self._receive()
        self._messages.append(message)
        return message

    async def receive_again(self) -> Message:
        """Return the kept messages, then those that come."""
        return self._messages.popleft() if self._messages else await self._receive()
