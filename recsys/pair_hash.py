"""Numbers that look random and depend on nothing but a seed, a user and a movie.

Whoever computes them, in whatever order and on however many machines, gets the same ones: no state is shared and
nothing is sorted. NumPy only.
"""

import numpy as np
from numpy.typing import NDArray

GOLDEN_GAMMA, FIRST_FACTOR, SECOND_FACTOR = (
    np.uint64(value) for value in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
"""The constants of SplitMix64: Steele, Lea & Flood (2014), DOI 10.1145/2660193.2660195."""
MANTISSA_BITS = 53
RATINGS_AT_ONCE = 1 << 15
"""As many as stay in a processor's cache: three times as fast as all of 25 million."""


def pair_uniform(seed: int, user_ids: NDArray[np.int64], movie_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return a number in [0, 1) for each rating, float64, (n_ratings,), uniform over the ratings.

    Parameters
    ----------
    seed
        Another seed gives other numbers.
    user_ids, movie_ids
        int64, (n_ratings,), as the dataset spells them, not row numbers, which differ between parts of a dataset.
    """
    start = _mix(np.full(1, seed % 2**64, dtype=np.uint64))
    uniform = np.empty(len(user_ids))
    for first in range(0, len(uniform), RATINGS_AT_ONCE):
        block = slice(first, first + RATINGS_AT_ONCE)
        mixed = _mix(_mix(user_ids[block].astype(np.uint64) ^ start) ^ movie_ids[block].astype(np.uint64))
        np.multiply(mixed >> np.uint64(64 - MANTISSA_BITS), 2.0**-MANTISSA_BITS, out=uniform[block])
    return uniform


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return SplitMix64's scramble of the values, uint64: each bit of a value changes half of the bits."""
    mixed = values + GOLDEN_GAMMA  # sums and products wrap around, as they should
    mixed ^= mixed >> np.uint64(30)
    mixed *= FIRST_FACTOR
    mixed ^= mixed >> np.uint64(27)
    mixed *= SECOND_FACTOR
    mixed ^= mixed >> np.uint64(31)
    return mixed
