"""CORS, with the service's own headers on every answer."""

from collections.abc import Collection, Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recsys.logs import log_request
from serving.worker.context import open_context
from serving.worker.error_answers import error_response
from serving.worker.errors import NAME_OF
from serving.worker.metrics.counters import OTHER, Metrics
from serving.worker.served_model import ServedModel

VARY = (b"vary", b"Origin")
"""For caches on the way: with another origin the headers are others."""

EXPOSED = ("X-Correlation-ID", "X-Model-Version", "Retry-After")


class AnsweringCors(CORSMiddleware):
    """Starlette's CORS; its own answers, to preflight requests, are headed, counted and logged as all others."""

    def __init__(self, app: ASGIApp, origins: Sequence[str], served: ServedModel, metrics: Metrics) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
        self._served = served
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one that no web page makes goes past Starlette, which would take a while over it."""
        names = [name for name, _ in scope["headers"]] if scope["type"] == "http" else []
        if b"origin" in names and _is_preflight(scope["method"], names):
            await self._preflight(scope)(scope, receive, send)
        elif b"origin" in names or scope["type"] != "http":
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, _varying(send))

    def _preflight(self, scope: Scope) -> Response:
        """Return the answer to a preflight request."""
        response = self.preflight_response(Headers(scope=scope))
        context = open_context(scope, self._served.current)
        error = None
        if response.status_code >= 400:
            error = NAME_OF[400]
            detail = f"{bytes(response.body).decode().lower()}; RECSYS_CORS__ORIGINS names the pages that may ask"
            kept = {
                name: value
                for name, value in response.headers.items()
                if name not in ("content-length", "content-type")
            }
            response = error_response(context, response.status_code, error, detail, headers=kept)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Correlation-ID"] = context.fields.correlation_id
        response.headers["X-Model-Version"] = context.version
        context.fields.status_code, context.fields.duration_ms = response.status_code, 0.0
        self._metrics.count(OTHER, response.status_code, 0.0, error)
        log_request("request answered", context.fields)
        return response


def _is_preflight(method: str, names: Collection[bytes]) -> bool:
    """Return whether a browser asks what its page may ask."""
    return method == "OPTIONS" and b"access-control-request-method" in names


def _varying(send: Send) -> Send:
    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], VARY]
        await send(message)

    return send_on
