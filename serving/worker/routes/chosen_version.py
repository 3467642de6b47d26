"""``?version=`` of the read routes."""

from typing import Annotated

from fastapi import Query

from serving.worker.schemas.question import MAX_VERSION

Version = Annotated[
    int | None,
    Query(
        ge=1,
        le=MAX_VERSION,
        description="Let this registered version answer instead of the served one, for a comparison. A version that "
        "is not at hand is fetched and checked first: until then the answer is 503 with `Retry-After`. "
        "In production this needs the admin token; unknown versions are 404.",
    ),
]
