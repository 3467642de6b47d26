"""What is asked over HTTP: a history of ratings, for which movies are wanted."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from recsys.catalog import MAX_STARS, MIN_STARS
from recsys.filter import MAX_ID, MovieFilter
from recsys.question import DEFAULT_N, MAX_N
from recsys.recency import MAX_RECENCY

MAX_RATINGS = 1000
MAX_VERSION = 2**31 - 1  # MLflow's table has a column of 32 bits for it
MAX_IDS = 200

Stars = Annotated[float, Field(ge=MIN_STARS, le=MAX_STARS, strict=True, allow_inf_nan=False)]
MinRating = Annotated[float, Field(ge=0, le=MAX_STARS, strict=True, allow_inf_nan=False)]
N = Annotated[int, Field(ge=1, le=MAX_N, strict=True)]
RatedId = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
"""A key of a JSON object, which is a text."""
UserId = Annotated[str, Field(min_length=1, max_length=128)] | Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]


class Question(BaseModel):
    """A history of ratings, for which movies are wanted."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        json_schema_extra={"examples": [{"user_ratings": {"1": 5, "50": 4.5}, "n": 10}]},
    )

    user_ratings: Annotated[dict[RatedId, Stars], Field(max_length=MAX_RATINGS)]
    """Movie ids and the stars given to each, 0.5 to 5; at most 1,000. Without any, popular movies are the answer."""
    n: N = DEFAULT_N
    """How many movies are wanted."""
    min_rating: MinRating | None = None
    """Only movies from so many stars on count, as likes, 0 for all alike. Without it stars above 2 speak for other
    movies and stars below 2 against them, the further the more."""
    diversity: Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)] = 0.0
    """From 0, by score alone, to 1, as unlike one another as possible."""
    recency: Annotated[float, Field(ge=0, le=MAX_RECENCY, strict=True, allow_inf_nan=False)] | None = None
    """From 0, not at all, to 2: how far movies that are rated more lately than before are raised. Without it as the
    model was trained, by default 0."""
    new: Annotated[int, Field(ge=0, le=MAX_N, strict=True)] = 0
    """So many places at the end of the list, at most n, for the best movies that nobody has rated yet; their content
    alone speaks for them. Fewer where the model knows nothing of them, none in popular lists."""
    filter: MovieFilter | None = None
    """Which movies may come up. The list is filled up to n from what is allowed."""
    user_id: UserId | None = None
    """Who asks, 1 to 128 characters or a number; only for which version answers while two share the traffic, so that
    one user always gets the same. Hashed, never kept or logged. Without it `X-User-ID` tells, else the correlation id.
    """
