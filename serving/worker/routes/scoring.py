"""MLflow's scoring protocol: ``/invocations``, ``/ping``, ``/version``."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from serving.worker.context import context_of
from serving.worker.http.json_response import JSON, TOO_LARGE, UNAVAILABLE, Responses
from serving.worker.schemas.answer import ErrorAnswer
from serving.worker.state import services_of

router = APIRouter(tags=["MLflow's scoring protocol"])

QUESTION = {
    "dataframe_split": {"columns": ["movie_ids", "ratings"], "data": [[[1, 50], [5.0, 4.5]]]},
    "params": {"n": 5},
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A table with lists in its cells, as JSON; a CSV cannot hold lists, so it is not offered",
        "content": {JSON: {"schema": {"type": "object"}, "example": QUESTION}},
    }
}
LIKE_MLFLOW: dict[str, Any] = {"content": {JSON: {"schema": {}}}}
ANSWERS: Responses = {
    200: {"description": "`predictions`, a record for each row of the question"},
    400: {"description": "a table that cannot be read or scored, as MLflow says it", **LIKE_MLFLOW},
    415: {
        "description": "a body that is encoded, or of a type that is not read, as MLflow says it",
        "content": {"text/plain": {"schema": {"type": "string"}}, JSON: {"schema": {}}},
    },
    422: {"model": ErrorAnswer, "description": "more movies are wanted than one answer may hold"},
    429: {"model": ErrorAnswer, "description": "all slots are taken; `Retry-After` tells when to come back"},
    500: {"description": "the model fails, as MLflow says it", **LIKE_MLFLOW},
    504: {"description": "scoring took too long, as MLflow says it"},
}


@router.post(
    "/invocations",
    summary="Score a table",
    responses={**ANSWERS, **TOO_LARGE, **UNAVAILABLE},
    response_model=None,
    openapi_extra=BODY,
)
async def invocations(request: Request) -> Response:
    """Score a table as `mlflow models serve` does: same questions, same answers, same errors."""
    context = context_of(request)
    content_type = request.headers.get("content-type", "")
    scoring, body = services_of(request).scoring, await request.body()
    answer = await scoring.invoke(context.model, body, content_type, lambda: _disconnection(request))
    if answer is None:
        raise ClientDisconnect
    if answer.status >= 400:
        context.error = "ModelError"
    return Response(answer.content, status_code=answer.status, media_type=answer.media_type)


async def _disconnection(request: Request) -> None:
    """Return when the caller has gone; the body has been read, so nothing else can come."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


@router.get(
    "/ping",
    summary="Ping",
    responses=UNAVAILABLE,
    response_model=None,
)
async def ping(request: Request) -> Response:
    """Answer when a model is loaded."""
    _ = context_of(request).model
    return Response("\n", media_type=JSON)


@router.get(
    "/version",
    summary="Get MLflow's version",
    response_model=None,
)
async def mlflow_version() -> Response:
    """Tell the version of MLflow."""
    return Response(version("mlflow"), media_type=JSON)
