"""Errors of the service, and the status and name of each error in an answer: the only place that knows them."""

import math
from collections.abc import Mapping

from recsys.errors import (
    ArtifactError,
    DataError,
    ModelUnavailableError,
    ParameterError,
    RecsysError,
    RegistryError,
    UnknownMovieError,
)

RETRY_AFTER_SECONDS = 5


class AdminClosedError(RecsysError):
    """An admin route was called, but no admin token is configured."""


class AdminTokenError(RecsysError):
    """An admin route was called without the right token."""


class UnknownVersionError(RecsysError):
    """A version that the registry does not list."""


class VersionLoadingError(RecsysError):
    """A version that is being fetched for a comparison."""


class RequestTooLargeError(RecsysError):
    """A request whose body is larger than the limit."""


class UnreadableTableError(RecsysError):
    """A table to score that neither MLflow nor pandas can make anything of."""


class UnsupportedEncodingError(RecsysError):
    """A body that is compressed or otherwise encoded."""


class OverloadedError(RecsysError):
    """More connections or larger requests than a worker holds."""


class TooManyRequestsError(RecsysError):
    """A caller who has to wait before the next request: all slots for it are taken, or too many were wrong.

    Parameters
    ----------
    message
        For the caller.
    wait
        How long, seconds.
    """

    def __init__(self, message: str, wait: float = RETRY_AFTER_SECONDS) -> None:
        super().__init__(message)
        self.wait = math.ceil(wait)


class CrossSiteError(RecsysError):
    """A request from another site's page that would change something."""


STATUS_OF: Mapping[type[RecsysError], int] = {
    UnknownMovieError: 404,
    UnknownVersionError: 404,
    ParameterError: 422,
    UnreadableTableError: 400,
    UnsupportedEncodingError: 415,
    RequestTooLargeError: 413,
    AdminTokenError: 401,
    AdminClosedError: 403,
    CrossSiteError: 403,
    TooManyRequestsError: 429,
    OverloadedError: 503,
    ModelUnavailableError: 503,
    VersionLoadingError: 503,
    ArtifactError: 503,
    RegistryError: 503,
    DataError: 500,
    RecsysError: 500,
}

NAME_OF: Mapping[int, str] = {
    400: "BadRequestError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    408: "RequestTimeoutError",
    413: RequestTooLargeError.__name__,
    415: "UnsupportedMediaTypeError",
    416: "RangeNotSatisfiableError",
    422: "ValidationError",
    429: TooManyRequestsError.__name__,
    431: "RequestHeadTooLargeError",
    500: "InternalServerError",
    503: ModelUnavailableError.__name__,
    505: "HttpVersionError",
}
"""Names of errors that no `RecsysError` stands for."""

ERROR_NAMES = tuple(sorted({*NAME_OF.values(), *(error.__name__ for error in STATUS_OF), "HTTPError", "ModelError"}))
"""All names that an answer's ``error`` can have."""
