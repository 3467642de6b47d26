"""What a caller may tell of an answer, as ``/docs`` shows it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from recsys.filter import MovieId
from recsys.question import MAX_N
from serving.worker.schemas.question import MAX_VERSION, Stars, UserId

MAX_EVENTS = 100
Rank = Annotated[int, Field(ge=1, le=MAX_N)]
Watched = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]
VersionNumber = Annotated[int, Field(ge=1, le=MAX_VERSION)]


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    model_version: VersionNumber
    """That of the answer, as its `X-Model-Version` says."""
    movie_id: MovieId
    """The movie of the list that the event is about."""
    rank: Rank | None = None
    """Its place in the list, from 1 on."""
    user_id: UserId | None = None
    """Accepted so that a caller may send its events as they are; neither kept nor logged."""


class Click(_Event):
    """Somebody has opened a movie of the list. Send the first click of a list only: click-through counts lists."""

    event: Literal["click"]
    value: None = None
    """A click has none."""


class Watch(_Event):
    """Somebody has watched a movie of the list."""

    event: Literal["watch"]
    value: Watched | None = None
    """How much of it, from 0 to 1."""


class Rating(_Event):
    """Somebody has rated a movie of the list."""

    event: Literal["rating"]
    value: Stars
    """The stars, 0.5 to 5."""


Event = Annotated[Click | Watch | Rating, Field(discriminator="event")]


class Feedback(RootModel[Annotated[list[Event], Field(min_length=1, max_length=MAX_EVENTS)]]):
    """One event, or a list of up to 100."""

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_list(cls, content: Any) -> Any:
        return [content] if isinstance(content, dict) else content


class FeedbackTaken(BaseModel):
    """What became of the events. All have been logged."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    counted: int
    ignored: int
    """Those of versions that have not answered here since the service started."""
    reason: str | None
    """Which versions these are; null when there are none."""
