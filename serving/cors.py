"""CORS, with the service's own headers on every answer."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from serving.context import open_context
from serving.snapshots import Snapshots

EXPOSED = ("X-Correlation-ID", "X-Model-Version", "Retry-After")


class AnsweringCors(CORSMiddleware):
    """Starlette's CORS; its own answers, to preflight requests, carry the service's headers as well."""

    def __init__(self, app: ASGIApp, origins: Sequence[str], snapshots: Snapshots) -> None:
        super().__init__(
            app, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["*"], expose_headers=EXPOSED
        )
        self._snapshots = snapshots

    def preflight_response(self, request_headers: Headers) -> Response:
        """Return the answer to a preflight request."""
        response = super().preflight_response(request_headers)
        scope: Scope = {"type": "http", "headers": request_headers.raw, "method": "OPTIONS", "path": ""}
        context = open_context(scope, self._snapshots.current)
        response.headers["X-Correlation-ID"] = context.fields.correlation_id
        response.headers["X-Model-Version"] = context.version
        return response
