"""What a recommender can be asked: the bounds of each parameter."""

from recsys.catalog import MAX_STARS
from recsys.errors import ParameterError
from recsys.movie_ids import is_whole
from recsys.recency import MAX_RECENCY

DEFAULT_N = 10
MAX_N = 50
"""The longest list that the service and the pyfunc give."""


def check_question(
    *,
    n: int,
    diversity: float = 0.0,
    recency: float | None = None,
    new: int = 0,
    min_rating: float | None = None,
) -> None:
    """Raise a `ParameterError` for a parameter out of its range."""
    for name, value in (("n", n), ("new", new)):
        if not is_whole(value):
            raise ParameterError(f"{name}={value!r} is not a whole number")
    if n < 1:
        raise ParameterError(f"n={n}: ask for at least 1 movie")
    if not 0 <= diversity <= 1:
        raise ParameterError(f"diversity={diversity:g}: use 0 (off) to 1")
    if recency is not None and not 0 <= recency <= MAX_RECENCY:
        raise ParameterError(f"recency={recency:g}: use 0 (off) to {MAX_RECENCY:g}")
    if not 0 <= new <= n:
        raise ParameterError(f"new={new}: use 0 (off) to n={n} places")
    if min_rating is not None and not 0 <= min_rating <= MAX_STARS:  # NaN is refused too: no rating would count
        raise ParameterError(f"min_rating={min_rating:g}: use 0 to {MAX_STARS:g} stars")
