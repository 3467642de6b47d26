"""Whether the service can answer, and why not if it cannot."""

from typing import Any

from serving.shared.sync_status import SyncStatus, read_status
from serving.worker.context import RequestContext
from serving.worker.operations.experiment import describe_traffic
from serving.worker.state import Services

PATIENCE_POLLS = 6
PATIENCE_SECONDS = 60.0
"""The sync stands still when it has missed so many polls, and not before a minute: a look that fetches a version takes
longer than the time between two."""


def describe_health(services: Services, context: RequestContext) -> dict[str, Any]:
    """Return the body of ``GET /health``."""
    status = read_status(services.model_cache.status)
    model = context.loaded
    reason = _reason(services, context, status)
    return {
        "status": "unavailable" if model is None else "degraded" if reason else "healthy",
        "model_loaded": model is not None,
        "model_name": services.settings.model.name,
        "model_version": model.version if model else None,
        "model_run_id": model.run_id if model else None,
        "model_loaded_at": model.loaded_at if model else None,
        "registry": {
            "reachable": status.registry_reachable,
            "last_checked": status.last_checked,
            "problem": status.problem,
        },
        "reason": reason,
        "traffic": describe_traffic(services),
        "cache_size": len(services.answers),
        "cache_maxsize": services.answers.maxsize,
    }


def _reason(services: Services, context: RequestContext, status: SyncStatus) -> str | None:
    if services.served.problem or status.problem:
        return "; ".join(filter(None, (services.served.problem, status.problem)))
    patience = max(PATIENCE_SECONDS, status.poll_seconds * PATIENCE_POLLS)
    if status.last_checked is None:
        if services.metrics.uptime_seconds > patience:
            return "no look at the registry is noted in the model cache; the log tells why"
        under_way = "no model has been published yet; the first look at the registry is under way"
        return None if context.loaded else under_way
    if context.loaded is None:
        return "what was published is gone from the model cache; the next look at the registry publishes it again"
    if status.age_seconds > patience:
        return f"the registry has not been looked at since {status.last_checked}"
    return None
