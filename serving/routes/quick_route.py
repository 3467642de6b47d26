"""A short way through FastAPI for requests that are plain and right; all others take the long one.

FastAPI spends more on taking a small request apart than the model on answering it. A route may name a function that
knows a plain request at a glance and answers it; whatever that function does not know, and above all what is wrong,
goes FastAPI's way, so that there is one place for validation, errors and documentation.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

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

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function that answers a request."""
        thorough = super().get_route_handler()
        quick = _quick_ways.get(self.endpoint)
        if quick is None:
            return thorough

        async def answer(request: Request) -> Response:
            return await quick(request) or await thorough(request)

        return answer
