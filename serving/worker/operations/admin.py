"""What only an operator may do."""

import asyncio
import hmac
import time
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from recsys.errors import ModelUnavailableError
from serving.shared.sync_status import SyncStatus, read_status
from serving.worker.errors import AdminClosedError, AdminTokenError
from serving.worker.served_model import LOOK_SECONDS
from serving.worker.state import Services, services_of

RELOAD_PATIENCE_SECONDS = 20.0

_bearer = HTTPBearer(auto_error=False, description="`RECSYS_API__ADMIN_TOKEN` of the service")


async def operator(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Services:
    """Return the services if the caller has the admin token.

    Raises
    ------
    AdminClosedError
        When no token is configured.
    AdminTokenError
        When the caller's is missing or another.
    TooManyRequestsError
        When the caller has guessed too often.
    """
    services = services_of(request)
    token = services.settings.api.admin_token
    if token is None or not token.get_secret_value():
        raise AdminClosedError("admin routes are closed; set RECSYS_API__ADMIN_TOKEN to open them")
    address = request.client.host if request.client else ""
    services.guesses.check(address)
    if len(request.headers.getlist("authorization")) > 1:
        raise AdminTokenError("send one Authorization field; which of several counts is not for this service to choose")
    if given is None or not hmac.compare_digest(given.credentials.encode(), token.get_secret_value().encode()):
        if given is not None:
            services.guesses.note_wrong(address)
        raise AdminTokenError("send the admin token as `Authorization: Bearer <token>`")
    return services


async def comparer(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Services:
    """Return the services if the caller may look at other versions: in production with the admin token only.

    Raises
    ------
    AdminClosedError, AdminTokenError
        As `operator`, in production.
    """
    services = services_of(request)
    return services if services.settings.environment == "dev" else await operator(request, given)


async def check_comparer(request: Request) -> Services:
    """Do the same as `comparer` for a route that only sometimes needs it."""
    return await comparer(request, await _bearer(request))


Operator = Annotated[Services, Depends(operator)]
Comparer = Annotated[Services, Depends(comparer)]


async def reload_model(services: Services) -> dict[str, Any]:
    """Ask the sync to look at the registry at once, wait for the outcome, and return it.

    Raises
    ------
    ModelUnavailableError
        When the disk takes nothing, so that it cannot be asked.
    """
    before = services.served.current
    status = await _look_at_once(services)
    now = services.served.current
    return {
        "status": _outcome(status, changed=now is not before),
        "previous_version": before.version if before else None,
        "model_version": now.version if now else None,
        "problem": status.problem if status else None,
    }


def _outcome(status: SyncStatus | None, *, changed: bool) -> str:
    if status is None:
        return "accepted"
    if status.problem:
        return "refused"
    return "reloaded" if changed else "unchanged"


async def _look_at_once(services: Services) -> SyncStatus | None:
    """Return the status of a look that began after this call, None when that takes too long."""
    cache = services.model_cache
    try:
        token = cache.requests.add()
    except OSError as error:
        raise ModelUnavailableError(f"{error}; a reload is asked for by a file in the model cache") from None
    patience_ends = time.monotonic() + RELOAD_PATIENCE_SECONDS
    while time.monotonic() < patience_ends:
        await asyncio.sleep(LOOK_SECONDS / 2)
        if cache.requests.is_answered(token):
            await services.served.refresh_in_thread()
            return read_status(cache.status)
    return None
