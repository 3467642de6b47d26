"""``GET /``: what this is and where to go on."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from recsys import __version__
from serving.context import context_of
from serving.routes.json_response import json_response

router = APIRouter(tags=["operation"])

LINKS = {
    "docs": "/docs",
    "openapi": "/openapi.json",
    "health": "/health",
    "metrics": "/metrics",
    "recommend": "POST /recommend",
    "search": "/movies/search?q=toy",
    "movie": "/movies/{movie_id}",
    "similar": "/movies/{movie_id}/similar",
}


@router.get("/", response_model=None)
async def index(request: Request) -> Response:
    """Tell what this service is, and where its routes are."""
    information = {
        "name": "Movie recommender",
        "version": __version__,
        "model_version": context_of(request).version,
        "endpoints": LINKS,
    }
    return json_response(orjson.dumps(information))
