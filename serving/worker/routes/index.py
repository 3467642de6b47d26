"""``GET /``: the explorer for browsers; for programs, what this is and where to go on."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from recsys import __version__
from serving.worker.context import context_of
from serving.worker.explorer import HTML, explorer_page
from serving.worker.http.json_response import JSON
from serving.worker.http.negotiation import preferred

router = APIRouter(tags=["operation"])

LINKS = {
    "docs": "/docs",
    "openapi": "/openapi.json",
    "health": "/health",
    "metrics": "/metrics",
    "recommend": "POST /recommend",
    "feedback": "POST /feedback",
    "search": "/movies/search?q=toy",
    "movie": "/movies/{movie_id}",
    "movies": "/movies?ids=1,50",
    "similar": "/movies/{movie_id}/similar",
    "model": "/model",
    "versions": "/versions",
}


@router.get(
    "/",
    summary="Show the explorer",
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}, JSON: {"schema": {"type": "object"}}}}},
    response_model=None,
)
async def index(request: Request) -> Response:
    """Show the explorer, by `Accept: text/html`; otherwise tell what this service is, and where its routes are."""
    if preferred(request.headers.get("accept", ""), (JSON, HTML)) == HTML:
        return explorer_page()
    information = {
        "name": "Movie recommender",
        "version": __version__,
        "model_version": context_of(request).version,
        "endpoints": LINKS,
    }
    return Response(orjson.dumps(information), media_type=JSON, headers={"Vary": "Accept"})
