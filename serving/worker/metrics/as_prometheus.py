"""The metrics in Prometheus' text format."""

from collections.abc import Iterator

from serving.worker.context import RequestContext
from serving.worker.metrics.counters import Metrics
from serving.worker.metrics.exposition import Histogram, family, head, histograms, one
from serving.worker.metrics.latency import BUCKETS
from serving.worker.metrics.traffic_families import traffic_families
from serving.worker.metrics.version_families import served_families, version_families
from serving.worker.operations.experiment import NOTHING, ExperimentFacts
from serving.worker.operations.in_life import ServedFacts

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(
    metrics: Metrics,
    context: RequestContext,
    served: ServedFacts | None = None,
    experiment: ExperimentFacts = NOTHING,
) -> str:
    """Return the metrics, summed over all workers, as Prometheus reads them."""
    families = (
        one("recsys_uptime_seconds", "gauge", "Seconds since the service started.", metrics.uptime_seconds),
        one("recsys_workers", "gauge", "Workers that accept requests.", metrics.board.n_ready),
        one("recsys_worker_deaths_total", "counter", "Workers that died and were replaced.", metrics.worker_deaths),
        one("recsys_worker_hangs_total", "counter", "Of those, ended because they hung.", metrics.worker_hangs),
        one("recsys_connections", "gauge", "Connections that the workers hold.", metrics.n_connections),
        one("recsys_log_lines_dropped", "gauge", "Log lines that nothing took.", metrics.n_dropped_lines),
        one("recsys_cache_hits_total", "counter", "Answers that came from the cache.", metrics.cache_hits),
        one("recsys_cache_misses_total", "counter", "Answers that had to be worked out.", metrics.cache_misses),
        _model(context),
        _errors(metrics),
        _requests(metrics),
        _latencies(metrics),
        *served_families(served),
        *version_families(metrics.versions.totals()),
        *traffic_families(metrics.traffic.totals(), metrics.traffic.n_ignored, experiment),
    )
    return "\n".join(line for family in families for line in family) + "\n"


def _model(context: RequestContext) -> Iterator[str]:
    yield from head("recsys_model_info", "gauge", "The model that answers.")
    if context.loaded:
        found = context.loaded
        labels = f'name="{_escaped(found.name)}",version="{found.version}",run_id="{_escaped(found.run_id)}"'
        yield f"recsys_model_info{{{labels}}} 1"


def _errors(metrics: Metrics) -> Iterator[str]:
    counts = ((f'type="{name}"', count) for name, count in metrics.errors().items())
    return family("recsys_errors_total", "counter", "Error answers by type.", counts)


def _requests(metrics: Metrics) -> Iterator[str]:
    counts = (
        (f'{_endpoint(label)},status="{status}"', count)
        for label, done in metrics.by_endpoint().items()
        for status, count in done.by_status.items()
    )
    return family("recsys_requests_total", "counter", "Requests by endpoint and status.", counts)


def _latencies(metrics: Metrics) -> Iterator[str]:
    found = (
        Histogram(_endpoint(label), done.histogram, done.seconds, done.requests)
        for label, done in metrics.by_endpoint().items()
    )
    purpose = "Time from a request's first byte to its answer."
    return histograms("recsys_request_duration_seconds", purpose, BUCKETS, found)


def _endpoint(label: str) -> str:
    method, _, path = label.rpartition(" ")
    return f'method="{method or "other"}",endpoint="{path}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
