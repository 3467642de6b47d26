"""Servers that answer constant bytes: what FastAPI and uvicorn cost by themselves.

``BARE_POST_BYTES`` and ``BARE_GET_BYTES`` say how many: as many as the service's own answers have.
"""

import os

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from serving.worker.schemas.question import Question

POST_ANSWER = b"x" * int(os.environ.get("BARE_POST_BYTES", "1000"))
GET_ANSWER = b"x" * int(os.environ.get("BARE_GET_BYTES", "1000"))
JSON = "application/json"
HEADERS = [(b"content-type", JSON.encode()), (b"content-length", str(len(POST_ANSWER)).encode())]

fastapi_app = FastAPI()


@fastapi_app.post("/recommend", response_model=None)
async def recommend(question: Question) -> Response:  # noqa: ARG001
    return Response(POST_ANSWER, media_type=JSON)


@fastapi_app.get("/constant", response_model=None)
async def constant() -> Response:
    return Response(GET_ANSWER, media_type=JSON)


@fastapi_app.get("/movies/{movie_id}/similar", response_model=None)
async def similar(movie_id: int, n: int = 10) -> Response:  # noqa: ARG001
    return Response(GET_ANSWER, media_type=JSON)


async def asgi_app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": POST_ANSWER})
