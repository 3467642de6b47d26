"""Families of metrics in Prometheus' text format, as lines."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple


class Histogram(NamedTuple):
    """One histogram of a family.

    Attributes
    ----------
    labels
        As ``version="3"``.
    counts
        For each bucket, not cumulated, and one more for what lies beyond.
    total, n_observed
        The sum of what was observed, and how often.
    """

    labels: str
    counts: Sequence[int]
    total: float
    n_observed: int


def head(name: str, kind: str, purpose: str) -> Iterator[str]:
    """Yield the lines that a family begins with."""
    yield f"# HELP {name} {purpose}"
    yield f"# TYPE {name} {kind}"


def one(name: str, kind: str, purpose: str, value: float) -> Iterator[str]:
    """Yield a family of one sample without labels."""
    yield from head(name, kind, purpose)
    yield f"{name} {value}"


def family(name: str, kind: str, purpose: str, samples: Iterable[tuple[str, float]]) -> Iterator[str]:
    """Yield a family of samples by their labels, which are as ``version="3"``."""
    yield from head(name, kind, purpose)
    for labels, value in samples:
        yield f"{name}{{{labels}}} {value}"


def histograms(name: str, purpose: str, bounds: Sequence[float], found: Iterable[Histogram]) -> Iterator[str]:
    """Yield a family of histograms over the same buckets."""
    yield from head(name, "histogram", purpose)
    for labels, counts, total, n_observed in found:
        for bound, count in zip((*bounds, "+Inf"), accumulate(counts), strict=True):
            yield f'{name}_bucket{{{labels},le="{bound}"}} {count}'
        yield f"{name}_sum{{{labels}}} {total}"
        yield f"{name}_count{{{labels}}} {n_observed}"
