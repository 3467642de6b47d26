"""How much two ranked lists agree."""

from collections.abc import Sequence

DEPTH = 10
PERSISTENCE = 0.9
"""Of rank-biased overlap: with 0.9 the first ten places have 86 % of the weight."""


def overlap_at(first: Sequence[int], second: Sequence[int], depth: int = DEPTH) -> float:
    """Return which part of the longer of two lists, cut off at a depth, is in both; 1 where both are empty."""
    cut, other = set(first[:depth]), set(second[:depth])
    longest = max(len(cut), len(other))
    return len(cut & other) / longest if longest else 1.0


def rank_biased_overlap(first: Sequence[int], second: Sequence[int], persistence: float = PERSISTENCE) -> float:
    """Return the rank-biased overlap of two lists, extrapolated, from 0 to 1; 1 where both are empty.

    Webber, Moffat & Zobel (2010, DOI 10.1145/1852102.1852106), equation 32: unlike a rank correlation it is defined for
    lists that hold different movies, and the first places count most. Of lists of different lengths the shorter one's
    length is compared.
    """
    depth = min(len(first), len(second))
    if not depth:
        return float(len(first) == len(second))
    seen, other, common, weighted = set[int](), set[int](), 0, 0.0
    for rank in range(1, depth + 1):
        ours, theirs = first[rank - 1], second[rank - 1]
        seen.add(ours)
        other.add(theirs)
        common += (ours in other) + (theirs in seen) - (ours == theirs)
        weighted += common / rank * persistence**rank
    return common / depth * persistence**depth + (1 - persistence) / persistence * weighted
