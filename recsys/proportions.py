"""Intervals of shares that were counted, and of the difference of two of them."""

import math
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95
POWER = 0.8
"""How likely a difference that there is has to be found, for a number of lists to be enough."""


class Interval(NamedTuple):
    """The lower and the upper end."""

    low: float
    high: float


def wilson(successes: int, trials: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of a share by Wilson (1927, DOI 10.1080/01621459.1927.10502953), without a correction.

    Right also for shares near 0 and for few trials; from 0 to 1 without any. More successes than trials count as all.
    """
    if trials <= 0:
        return Interval(0.0, 1.0)
    z = _quantile(confidence)
    share = min(successes, trials) / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    # Exact at the ends, where rounding would leave a rest.
    low = 0.0 if successes <= 0 else middle - half
    return Interval(max(0.0, low), 1.0 if successes >= trials else min(1.0, middle + half))


def difference(successes: tuple[int, int], trials: tuple[int, int], confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the second share minus the first, by Newcombe's method 10 (1998).

    It joins the two Wilson intervals (DOI 10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I), and so
    has none of their faults near 0. From -1 to 1 where one of the two has no trials.
    """
    if min(trials) <= 0:
        return Interval(-1.0, 1.0)
    first, second = (min(part, whole) / whole for part, whole in zip(successes, trials, strict=True))
    of_first, of_second = (wilson(*pair, confidence) for pair in zip(successes, trials, strict=True))
    low = second - first - math.hypot(second - of_second.low, of_first.high - first)
    high = second - first + math.hypot(of_second.high - second, first - of_first.low)
    return Interval(max(-1.0, low), min(1.0, high))


def trials_needed(
    successes: tuple[int, int], trials: tuple[int, int], wanted: float, confidence: float = CONFIDENCE
) -> int:
    """Return how many trials, of both together, it takes to find a difference of two shares.

    Fleiss, Levin & Paik (2003, DOI 10.1002/0471445428), chapter 4, for two groups that are not of the same size: with
    a share ``s`` of the trials in the second, ``(z_a + z_b)**2 p (1 - p) / (wanted**2 s (1 - s))``. The common share
    ``p`` is that of Agresti and Coull, so that it is not 0 where nothing has succeeded yet.

    Parameters
    ----------
    successes, trials
        Of the two so far; without any trials, halves are assumed.
    wanted
        The difference that is to be found, above 0.
    """
    z = _quantile(confidence)
    total = sum(trials)
    common = (min(sum(successes), total) + z * z / 2) / (total + z * z)
    share = trials[1] / total if min(trials) > 0 else 0.5
    spread = (z + NormalDist().inv_cdf(POWER)) ** 2 * common * (1 - common)
    return math.ceil(spread / (wanted * wanted * share * (1 - share)))


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
