"""``GET /metrics``."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from serving.worker.context import context_of
from serving.worker.http.json_response import JSON, json_response
from serving.worker.http.negotiation import preferred
from serving.worker.metrics.as_json import metrics_json
from serving.worker.metrics.as_prometheus import CONTENT_TYPE, metrics_text
from serving.worker.operations.experiment import experiment_facts
from serving.worker.operations.in_life import served_facts
from serving.worker.schemas.metrics import MetricsAnswer
from serving.worker.state import services_of

router = APIRouter(tags=["operation"])


@router.get(
    "/metrics",
    summary="Read the metrics",
    responses={200: {"model": MetricsAnswer, "content": {"text/plain": {"schema": {"type": "string"}}}}},
    response_model=None,
)
async def metrics(request: Request) -> Response:
    """Tell what all workers have done: JSON, or Prometheus' text format with `Accept: text/plain`."""
    services, context = services_of(request), context_of(request)
    counted, served = services.metrics, served_facts(services, context.loaded)
    experiment = experiment_facts(services)
    if preferred(request.headers.get("accept", ""), (JSON, "text/plain")) == JSON:
        return json_response(orjson.dumps(metrics_json(counted, served, experiment)))
    return Response(metrics_text(counted, context, served, experiment), headers={"Content-Type": CONTENT_TYPE})
