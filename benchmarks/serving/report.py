"""Medians, ratios, and the goals that they are held against."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.serving.load import Run


@dataclass(frozen=True)
class Round:
    """One case in one round: wrk's findings, and the processor time of the server for each request, microseconds."""

    run: Run
    cpu_us: float


Rounds = Mapping[str, Sequence[Round]]

Measure = Callable[[Round], float]

GOALS: Sequence[tuple[str, str, float]] = (
    ("ours: recommend", "mlflow: recommend", 10.0),
    ("ours: similar, from the cache", "mlflow: similar", 10.0),
    ("ours: recommend", "bare FastAPI: POST", 0.75),
    ("ours: recommend, from the cache", "bare FastAPI: POST", 0.5),
    ("ours: recommend", "bare ASGI: POST", 0.0),
    ("ours: similar, from the cache", "bare FastAPI: GET", 0.8),
    ("ours: similar, from the cache", "bare FastAPI: GET, same parameters", 0.8),
    ("ours: recommend, halves to a Challenger", "ours: recommend", 0.97),
)
"""Case, the case that it is compared with, and the ratio of requests a second that is to be reached."""

MEASURES: Mapping[str, Measure] = {
    "requests/s": lambda found: found.run.per_second,
    "p50 ms": lambda found: found.run.p50_ms,
    "p99 ms": lambda found: found.run.p99_ms,
    "CPU us/request": lambda found: found.cpu_us,
}


def table(rounds: Rounds) -> str:
    """Return the medians over the rounds, one line a case."""
    lines = [f"| case | {' | '.join(MEASURES)} |", f"|---|{'---:|' * len(MEASURES)}"]
    for name, found in rounds.items():
        requests, *times = (median(found, measure) for measure in MEASURES.values())
        lines.append(f"| {name} | {requests:,.0f} | {times[0]:.2f} | {times[1]:.2f} | {times[2]:,.0f} |")
    return "\n".join(lines)


def ratios(rounds: Rounds) -> str:
    """Return the ratios that have a goal; by throughput, and by processor time, which other programs hardly disturb."""
    lines = ["| ratio | requests/s | lowest to highest round | by CPU time | goal |", "|---|---:|---:|---:|---:|"]
    for ours, theirs, goal in GOALS:
        if ours not in rounds or theirs not in rounds:
            continue
        speed = _paired(rounds, ours, theirs, MEASURES["requests/s"])
        cost = statistics.median(_paired(rounds, theirs, ours, MEASURES["CPU us/request"]))
        lines.append(
            f"| {ours} / {theirs} | {statistics.median(speed):.2f} | {min(speed):.2f} to {max(speed):.2f} "
            f"| {cost:.2f} | {f'>= {goal:g}' if goal else ''} |"
        )
    if not all(name in rounds for name, _ in LATENCIES):
        return "\n".join(lines)
    tail, middle = (median(rounds[name], MEASURES[measure]) for name, measure in LATENCIES)
    lines.append(f"| p99 of {LATENCIES[0][0]} / p50 of {LATENCIES[1][0]} | {tail / middle:.2f} | | | < 1 |")
    return "\n".join(lines)


LATENCIES = (("ours: recommend", "p99 ms"), ("mlflow: recommend", "p50 ms"))


def median(found: Sequence[Round], measure: Measure) -> float:
    return statistics.median(measure(one) for one in found)


def _paired(rounds: Rounds, upper: str, lower: str, measure: Measure) -> list[float]:
    """Return the ratio within each round, as what disturbs a round disturbs both."""
    return [measure(one) / measure(other) for one, other in zip(rounds[upper], rounds[lower], strict=True)]
