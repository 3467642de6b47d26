"""The metrics as JSON."""

from collections import Counter
from typing import Any

from serving.worker.metrics.counters import OTHER, OTHER_STATUS, Metrics
from serving.worker.operations.experiment import NOTHING, ExperimentFacts, describe_events, describe_experiment
from serving.worker.operations.in_life import ServedFacts, describe_served, describe_totals


def metrics_json(
    metrics: Metrics, served: ServedFacts | None = None, experiment: ExperimentFacts = NOTHING
) -> dict[str, Any]:
    """Return the metrics as ``GET /metrics`` shows them; ``served`` is None where nothing is served yet."""
    totals, arms = metrics.versions.totals(), metrics.traffic.totals()
    endpoints = metrics.by_endpoint()
    statuses: Counter[int] = Counter()
    for done in endpoints.values():
        statuses.update(done.by_status)
    total = statuses.total()
    failed = sum(count for status, count in statuses.items() if status >= 400)
    seconds = sum(done.seconds for done in endpoints.values())
    return {
        "uptime_seconds": round(metrics.uptime_seconds, 3),
        "total_requests": total,
        "successful_requests": total - failed,
        "failed_requests": failed,
        "success_rate": (total - failed) / total if total else 1.0,
        "avg_latency_ms": round(seconds * 1000 / total, 3) if total else 0.0,
        "errors_by_type": metrics.errors(),
        "requests_by_endpoint": {label: done.requests for label, done in endpoints.items()},
        "status_codes": {_status_label(status): count for status, count in sorted(statuses.items())},
        "cache": {"hits": metrics.cache_hits, "misses": metrics.cache_misses},
        "workers": metrics.board.n_ready,
        "connections": metrics.n_connections,
        "log_lines_dropped": metrics.n_dropped_lines,
        "worker_deaths": metrics.worker_deaths,
        "worker_hangs": metrics.worker_hangs,
        "model": describe_served(served),
        "versions": [
            {**describe_totals(one, served), **describe_events(one.version, one.answers, arms)} for one in totals
        ],
        "traffic": describe_experiment(experiment, arms, totals),
        "feedback_ignored": metrics.traffic.n_ignored,
    }


def _status_label(status: int) -> str:
    return OTHER if status == OTHER_STATUS else str(status)
