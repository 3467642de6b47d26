"""``GET /metrics``."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from serving.context import context_of
from serving.metrics_json import metrics_json
from serving.metrics_text import CONTENT_TYPE, metrics_text
from serving.negotiation import preferred
from serving.routes.json_response import JSON, json_response
from serving.schemas import MetricsAnswer
from serving.services import services_of

router = APIRouter(tags=["operation"])


@router.get(
    "/metrics",
    responses={200: {"model": MetricsAnswer, "content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_model=None,
)
async def metrics(request: Request) -> Response:
    """Tell what all workers have done: JSON, or Prometheus' text format with `Accept: text/plain`."""
    counted = services_of(request).metrics
    if preferred(request.headers.get("accept", ""), (JSON, "text/plain")) == JSON:
        return json_response(orjson.dumps(metrics_json(counted)))
    return Response(metrics_text(counted, context_of(request)), headers={"Content-Type": CONTENT_TYPE})
