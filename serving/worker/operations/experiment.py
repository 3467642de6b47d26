"""What a Challenger gets of the traffic, and what came of it, as ``/health`` and ``/metrics`` show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from recsys.proportions import wilson
from serving.worker.metrics.by_version import VersionTotals
from serving.worker.metrics.traffic import EVENTS, NO_EXPERIMENT, ArmTotals
from serving.worker.operations.in_life import share
from serving.worker.state import Services
from serving.worker.traffic.split import Split

DIGITS = 6


@dataclass(frozen=True)
class ExperimentFacts:
    """What ``/metrics`` needs of the experiment that is under way.

    Attributes
    ----------
    split
        Of the worker that answers; None when Production answers everyone.
    challenger_share, shadow_share
        As the registry asks for them; 0% where it asks for nothing.
    """

    split: Split | None
    challenger_share: str
    shadow_share: str


NOTHING = ExperimentFacts(None, "0%", "0%")


def experiment_facts(services: Services) -> ExperimentFacts:
    """Return the facts of the experiment that is under way."""
    published = services.model_cache.published()
    traffic = published.traffic if published else None
    shares = (traffic.challenger_share, traffic.shadow_share) if traffic else ("0%", "0%")
    return ExperimentFacts(services.served.split, *shares)


def describe_traffic(services: Services) -> dict[str, Any] | None:
    """Return what a Challenger gets of the traffic as ``/health`` shows it, None when nothing is asked of it."""
    published = services.model_cache.published()
    traffic = published.traffic if published else None
    if traffic is None:
        return None
    version = traffic.challenger_version
    return {
        "challenger_version": None if version is None else str(version),
        "challenger_share": traffic.challenger_share,
        "shadow_share": traffic.shadow_share,
        "problem": traffic.problem or services.served.split_problem,
    }


def describe_experiment(
    facts: ExperimentFacts, arms: Iterable[ArmTotals], totals: Iterable[VersionTotals]
) -> dict[str, Any] | None:
    """Return the two versions of the experiment that is under way, Production first; None where there is none."""
    split = facts.split
    if split is None:
        return None
    found = {arm.version: arm for arm in arms if arm.experiment == split.experiment}
    movies = {one.version: one.movies for one in totals}
    return {
        "experiment": name_of(split.experiment),
        "challenger_share": facts.challenger_share,
        "shadow_share": facts.shadow_share,
        "since_seconds": max((round(arm.age_seconds, 3) for arm in found.values()), default=None),
        "versions": [
            {
                "version": model.version,
                "role": role,
                **_describe_arm(found.get(model.version)),
                "distinct_movies": movies.get(model.version, 0),
                "coverage": share(movies.get(model.version, 0), model.catalog.n_items),
            }
            for role, model in (("production", split.production), ("challenger", split.challenger))
        ],
        "shadow": _describe_shadow(found.get(split.challenger.version)),
    }


def describe_events(version: str, lists: int, arms: Iterable[ArmTotals]) -> dict[str, Any]:
    """Return the events of a version in all experiments and beside them, and its click-through."""
    own = [arm for arm in arms if arm.version == version]
    events = {kind: sum(arm.events[kind] for arm in own) for kind in EVENTS}
    return {"events": events, **click_through(events["click"], lists)}


def click_through(clicks: int, lists: int) -> dict[str, Any]:
    """Return the share of lists that were clicked with its 95 % interval, Wilson's; null without a list."""
    if not lists:
        return {"click_through": None, "click_through_low": None, "click_through_high": None}
    low, high = wilson(clicks, lists)
    return {
        "click_through": round(min(clicks, lists) / lists, DIGITS),
        "click_through_low": round(low, DIGITS),
        "click_through_high": round(high, DIGITS),
    }


def name_of(experiment: int) -> str:
    """Return what an experiment is called."""
    return f"{experiment:010x}" if experiment != NO_EXPERIMENT else "none"


def _describe_arm(arm: ArmTotals | None) -> dict[str, Any]:
    if arm is None:
        zeros = {"requests": 0, "errors": 0, "avg_latency_ms": None, "lists": 0, "popular_share": None}
        return {**zeros, "events": dict.fromkeys(EVENTS, 0), **click_through(0, 0), "mean_rating": None}
    return {
        "requests": arm.requests,
        "errors": arm.errors,
        "avg_latency_ms": round(arm.seconds * 1000 / arm.requests, 3) if arm.requests else None,
        "lists": arm.lists,
        "popular_share": share(arm.popular, arm.lists),
        "events": arm.events,
        **click_through(arm.events["click"], arm.lists),
        "mean_rating": share(arm.stars, arm.events["rating"]),
    }


def _describe_shadow(arm: ArmTotals | None) -> dict[str, Any]:
    compared = arm.shadow["compared"] if arm else 0
    return {
        "compared": compared,
        "failed": arm.shadow["failed"] if arm else 0,
        "dropped": arm.shadow["dropped"] if arm else 0,
        "overlap_at_10": share(arm.overlap, compared) if arm else None,
        "rank_agreement": share(arm.agreement, compared) if arm else None,
        "avg_ms": round(arm.shadow_seconds * 1000 / compared, 3) if arm and compared else None,
    }
