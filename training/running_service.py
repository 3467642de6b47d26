"""Asks a running service over HTTP."""

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from recsys.errors import ParameterError, RecsysError
from recsys.setting_groups import ApiSettings

SECONDS = 10.0
EVERY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104  to listen on, not to ask at


def address_of(api: ApiSettings) -> str:
    """Return where a service with these settings is asked from the same machine."""
    host = "127.0.0.1" if api.host in EVERY_ADDRESS else api.host
    return f"http://[{host}]:{api.port}" if ":" in host else f"http://{host}:{api.port}"


def ask(address: str, path: str) -> dict[str, Any]:
    """Return the JSON object that a service answers to a GET, also where it answers that it is not healthy.

    Raises
    ------
    ParameterError
        When the address is none of the web.
    RecsysError
        When nothing answers there, or something else than the service.
    """
    if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
        raise ParameterError(f"--api {address}: write the address of the service, as http://127.0.0.1:8000")
    try:
        content = json.loads(_read(f"{address.rstrip('/')}{path}"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise RecsysError(f"no service answers at {address} ({reason}); start it, or name another by --api") from None
    if not isinstance(content, dict):
        raise RecsysError(f"what answers at {address} is not the recommender; name another address by --api")
    return content


def _read(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310  checked by `ask`
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            content: bytes = answer.read()
    except urllib.error.HTTPError as error:
        with error:
            content = error.read()
    return content
