"""Answers that are JSON bytes already."""

from typing import Any, TypeAlias

from starlette.responses import Response

from serving.worker.schemas.answer import ErrorAnswer

JSON = "application/json"

Responses: TypeAlias = dict[int | str, dict[str, Any]]

UNAVAILABLE: Responses = {
    503: {"model": ErrorAnswer, "description": "no model yet; `Retry-After` tells when to come back"}
}
UNKNOWN_MOVIE: Responses = {404: {"model": ErrorAnswer, "description": "the model does not know the movie"}}
UNKNOWN_VERSION: Responses = {404: {"model": ErrorAnswer, "description": "the registry does not list the version"}}
CLOSED: Responses = {
    401: {"model": ErrorAnswer, "description": "the token is missing or wrong"},
    403: {"model": ErrorAnswer, "description": "no admin token is configured"},
    429: {"model": ErrorAnswer, "description": "too many wrong tokens; `Retry-After` tells when to come back"},
}
INVALID: Responses = {422: {"model": ErrorAnswer, "description": "`detail` lists the fields that are wrong"}}
TOO_LARGE: Responses = {413: {"model": ErrorAnswer, "description": "the body is larger than 256 KiB"}}


def json_response(content: bytes) -> Response:
    """Return a response of JSON bytes."""
    return Response(content, media_type=JSON)
