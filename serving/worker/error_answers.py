"""From errors to answers.

Every error answer is ``{"error": name, "detail": what and why, "correlation_id": id}``.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from loguru import logger
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from recsys.errors import RecsysError
from serving.worker.context import RequestContext, context_of
from serving.worker.errors import NAME_OF, RETRY_AFTER_SECONDS, STATUS_OF, TooManyRequestsError

MAX_COMPLAINTS = 50
"""So many faults of a request are listed; one that is all faults need not be answered with megabytes."""

LONGEST_DETAIL, LONGEST_PLACE = 1_000, 100
"""So many characters of a sentence, and of a name in the place of a fault, are told; both may repeat what was sent."""

HEADERS_OF: Mapping[int, Mapping[str, str]] = {
    401: {"WWW-Authenticate": 'Bearer realm="admin"'},
    415: {"Accept-Encoding": "identity"},
    429: {"Retry-After": str(RETRY_AFTER_SECONDS)},
    503: {"Retry-After": str(RETRY_AFTER_SECONDS)},
}


def add_error_handlers(app: FastAPI) -> None:
    """Let all errors come out in the one shape."""
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RecsysError, _answer_recsys)


def error_response(
    context: RequestContext,
    status: int,
    name: str,
    detail: Any,
    *,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return an answer in the one shape, with more fields beside it if given, and note the error for the metrics."""
    context.error = name
    detail = shortened(detail) if isinstance(detail, str) else detail
    body = {"error": name, "detail": detail, "correlation_id": context.fields.correlation_id, **(more or {})}
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type="application/json",
        headers={**HEADERS_OF.get(status, {}), **(headers or {})},
    )


def shortened(text: str, longest: int = LONGEST_DETAIL) -> str:
    """Return a text, cut where it is longer."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def unexpected_error_response(context: RequestContext, error: Exception) -> Response:
    """Return the answer to an error that nobody foresaw; only the log shows what it was."""
    logger.opt(exception=error).error("unexpected {} while answering", type(error).__name__)
    return error_response(
        context, 500, NAME_OF[500], "an unexpected error; the log tells more under the correlation id"
    )


def recsys_error_response(context: RequestContext, error: RecsysError) -> Response:
    """Return the answer to an error of the product."""
    status = next(STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF)
    headers = {"Retry-After": str(error.wait)} if isinstance(error, TooManyRequestsError) else None
    return error_response(context, status, type(error).__name__, str(error), headers=headers)


def bare_error_response(context: RequestContext, status: int, *, headers: Mapping[str, str]) -> Response:
    """Return the answer in the place of one that Starlette gives in a shape of its own."""
    detail = f"{context.fields.method} {context.fields.path}: {HTTPStatus(status).phrase.lower()}; see /docs"
    return error_response(context, status, NAME_OF.get(status, "HTTPError"), detail, headers=headers)


async def _answer_recsys(request: Request, error: Exception) -> Response:
    assert isinstance(error, RecsysError)  # noqa: S101  Starlette's handlers take any exception
    return recsys_error_response(context_of(request), error)


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    if isinstance(error.__cause__, RecsysError):
        # FastAPI turns whatever is raised while it reads a body into a 400.
        return await _answer_recsys(request, error.__cause__)
    if isinstance(error.__cause__, ClientDisconnect):
        raise error.__cause__
    if isinstance(error.__cause__, RecursionError | ValueError):
        # FastAPI has no words for JSON that is nested too deep, has numbers of thousands of digits, or is no UTF-8.
        why = "it is nested too deep" if isinstance(error.__cause__, RecursionError) else str(error.__cause__)
        return error_response(context_of(request), 400, NAME_OF[400], f"the body cannot be read as JSON: {why}")
    detail = error.detail
    if detail == HTTPStatus(error.status_code).phrase:
        detail = f"{request.method} {request.url.path}: {detail.lower()}; see /docs"
    name = NAME_OF.get(error.status_code, "HTTPError")
    return error_response(context_of(request), error.status_code, name, detail, headers=error.headers)


async def _answer_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = error.errors()
    complaints = [_complaint(fault) for fault in found[:MAX_COMPLAINTS]]
    if len(found) > MAX_COMPLAINTS:
        more = f"{len(found) - MAX_COMPLAINTS} more faults are not listed"
        complaints.append({"loc": list(found[0]["loc"][:1]), "msg": more, "type": "more_faults"})
    return error_response(context_of(request), 422, NAME_OF[422], complaints)


def _complaint(found: Mapping[str, Any]) -> dict[str, Any]:
    location: Sequence[str | int] = found["loc"]
    message = found["msg"]
    if found["type"] == "json_invalid":
        message = f"{message}: {found['ctx']['error']}"
    place = [shortened(part, LONGEST_PLACE) if isinstance(part, str) else part for part in location]
    return {"loc": place, "msg": shortened(message), "type": found["type"]}
