"""The metrics of a Challenger on real traffic, in Prometheus' text format."""

from collections.abc import Callable, Iterator, Sequence

from recsys.proportions import wilson
from recsys.traffic import Share
from serving.worker.metrics.exposition import Histogram, family, histograms, one
from serving.worker.metrics.latency import BUCKETS
from serving.worker.metrics.traffic import ArmTotals
from serving.worker.operations.experiment import ExperimentFacts, name_of

Samples = Callable[[ArmTotals], dict[str, float]]
"""The samples of one version in one experiment, by further labels."""

DURATION = "recsys_traffic_request_duration_seconds"


def _by(label: str, counts: dict[str, int]) -> dict[str, float]:
    return {f',{label}="{name}"': count for name, count in counts.items()}


def _click_through(arm: ArmTotals) -> dict[str, float]:
    if not arm.lists:
        return {}
    clicks = arm.events["click"]
    low, high = wilson(clicks, arm.lists)
    return {
        ',end="low"': low,
        ',end="estimate"': min(clicks, arm.lists) / arm.lists,
        ',end="high"': high,
    }


FAMILIES: tuple[tuple[str, str, str, Samples], ...] = (
    ("recsys_traffic_requests_total", "counter", "Requests in an experiment.", lambda arm: {"": arm.requests}),
    ("recsys_traffic_errors_total", "counter", "Those with a status from 400 on.", lambda arm: {"": arm.errors}),
    ("recsys_traffic_lists_total", "counter", "Lists shown.", lambda arm: {"": arm.lists}),
    ("recsys_traffic_lists_popular_total", "counter", "Those of popular movies.", lambda arm: {"": arm.popular}),
    ("recsys_feedback_events_total", "counter", "Events by kind.", lambda arm: _by("event", arm.events)),
    ("recsys_feedback_stars_total", "counter", "Sum of the ratings among them.", lambda arm: {"": arm.stars}),
    ("recsys_click_through", "gauge", "Share of lists clicked, and its 95 % interval (Wilson).", _click_through),
    ("recsys_shadow_answers_total", "counter", "Answers in the shadow.", lambda arm: _by("outcome", arm.shadow)),
    ("recsys_shadow_overlap_at_10_total", "counter", "Sum of their overlaps.", lambda arm: {"": arm.overlap}),
    ("recsys_shadow_rank_agreement_total", "counter", "Sum of their RBOs.", lambda arm: {"": arm.agreement}),
    ("recsys_shadow_seconds_total", "counter", "Time that they took.", lambda arm: {"": arm.shadow_seconds}),
)


def traffic_families(arms: Sequence[ArmTotals], n_ignored: int, facts: ExperimentFacts) -> Iterator[Iterator[str]]:
    """Yield the metrics of all experiments that have a place."""
    yield _shares(facts)
    yield one("recsys_feedback_ignored_total", "counter", "Events of versions that have not answered here.", n_ignored)
    for name, kind, purpose, samples in FAMILIES:
        found = [(_labels(arm) + more, value) for arm in arms for more, value in samples(arm).items()]
        yield family(name, kind, purpose, found)
    durations = (Histogram(_labels(arm), arm.histogram, arm.seconds, arm.requests) for arm in arms)
    purpose = "Time from a request's first byte to its answer, in an experiment."
    yield histograms(DURATION, purpose, BUCKETS, durations)


def _shares(facts: ExperimentFacts) -> Iterator[str]:
    shares: list[tuple[str, float]] = []
    if facts.split is not None:
        labels = f'experiment="{name_of(facts.split.experiment)}",version="{facts.split.challenger.version}"'
        for purpose, share in (("challenger", facts.challenger_share), ("shadow", facts.shadow_share)):
            shares.append((f'{labels},purpose="{purpose}"', float(Share.parse(share).percent / 100)))
    purpose = "Part of the callers that the Challenger answers, and of what it shadows."
    return family("recsys_traffic_share", "gauge", purpose, shares)


def _labels(arm: ArmTotals) -> str:
    return f'experiment="{name_of(arm.experiment)}",version="{arm.version}"'
