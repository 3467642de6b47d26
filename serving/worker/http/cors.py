"""CORS, with the service's own headers on every answer."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.worker.context import open_context
from serving.worker.errors import NAME_OF, error_response
from serving.worker.served_model import ServedModel

VARY = (b"vary", b"Origin")
"""For caches on the way: with another origin the headers are others."""

EXPOSED = ("X-Correlation-ID", "X-Model-Version", "Retry-After")


class AnsweringCors(CORSMiddleware):
    """Starlette's CORS; its own answers, to preflight requests, carry the service's headers as well."""

    def __init__(self, app: ASGIApp, origins: Sequence[str], served: ServedModel) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
        self._served = served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one that no web page makes goes past Starlette, which would take a while over it."""
        if scope["type"] != "http" or b"origin" in [name for name, _ in scope["headers"]]:
            await super().__call__(scope, receive, send)
            return

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], VARY]
            await send(message)

        await self.app(scope, receive, send_on)

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the answer to a preflight request."""
        response = super().preflight_response(request_headers)
        scope: Scope = {"type": "http", "headers": request_headers.raw, "method": "OPTIONS", "path": ""}
        context = open_context(scope, self._served.current)
        if response.status_code >= 400:
            detail = f"{bytes(response.body).decode().lower()}; RECSYS_CORS__ORIGINS names the pages that may ask"
            kept = {
                name: value
                for name, value in response.headers.items()
                if name not in ("content-length", "content-type")
            }
            response = error_response(context, response.status_code, NAME_OF[400], detail, headers=kept)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Correlation-ID"] = context.fields.correlation_id
        response.headers["X-Model-Version"] = context.version
        return response
