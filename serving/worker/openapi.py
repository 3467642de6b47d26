"""The schema at ``/openapi.json``: what the routes say of themselves, and what the way to each of them may answer."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from serving.worker.http.admission import READING_POSTS
from serving.worker.traffic.split import takes_part

ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}

ANYWHERE = {
    "400": "no request of HTTP/1.1 to this host, or one that cannot be read",
    "404": "no such route",
    "405": "not by this method; `Allow` tells by which",
    "408": "the request did not come in time",
    "431": "the head of the request is larger than 64 KiB, or has more than 200 fields",
    "500": "a fault of the service; its log tells more under the correlation id",
    "503": "no model yet, or as many connections as a worker holds; `Retry-After` tells when to come back",
    "505": "another version of HTTP than 1.0 and 1.1",
}
WITH_A_BODY = {
    "413": "the body is larger than 256 KiB",
    "415": "the body is encoded, or of a type that is not read",
    "422": "`detail` lists the fields that are wrong",
}
CHANGING = {"403": "a page of another site may not ask for this"}
USER: dict[str, Any] = {
    "name": "X-User-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "Who asks, so that one user always gets the same version while two share the traffic; hashed, never "
    "kept or logged. `user_id` in a body counts for more; without both the correlation id decides.",
}


def add_schema(app: FastAPI) -> None:
    """Let the app describe itself with the answers that any route may give."""
    of_routes = app.openapi

    def schema() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(of_routes)
        return app.openapi_schema

    app.openapi = schema  # type: ignore[method-assign]


def _completed(of_routes: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    found = of_routes()
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            if takes_part(path):
                operation.setdefault("parameters", []).append(USER)
            for status, description in _answers(path, method).items():
                operation["responses"].setdefault(status, {"description": description, "content": ERROR})
    return found


def _answers(path: str, method: str) -> dict[str, str]:
    answers = dict(ANYWHERE)
    if method == "post":
        answers |= WITH_A_BODY
        answers |= {} if path in READING_POSTS else CHANGING
    return answers
