"""Brings what Starlette answers by itself into the form of the product."""

from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import Message

from serving.worker.context import RequestContext
from serving.worker.error_answers import bare_error_response

REDIRECTS = (301, 302, 303, 307, 308)
METHOD_NOT_ALLOWED = 405
KEPT = (b"content-range", b"allow")
"""Headers of an error that belong to its status."""


def adapted(message: Message, context: RequestContext) -> Response | None:
    """Return the answer to be given in the place of one that begins so; None for itself, adapted where need be."""
    status = message["status"]
    if status in REDIRECTS:
        message["headers"] = [
            (name, _local(value) if name == b"location" else value) for name, value in message["headers"]
        ]
    elif status == METHOD_NOT_ALLOWED:
        message["headers"] = [
            (name, _with_head(value) if name == b"allow" else value) for name, value in message["headers"]
        ]
    if status < 400 or context.error is not None:
        return None
    kept = {name.decode(): value.decode("latin-1") for name, value in message["headers"] if name in KEPT}
    return bare_error_response(context, status, headers=kept)


def _local(location: bytes) -> bytes:
    """Return a location without the host, which a caller can give any name; nor may its path begin as one does."""
    target = urlsplit(location.decode("latin-1"))
    query = f"?{target.query}" if target.query else ""
    return f"/{target.path.lstrip('/')}{query}".encode("latin-1")


def _with_head(allow: bytes) -> bytes:
    methods = [method.strip() for method in allow.split(b",")]
    return b", ".join([*methods, b"HEAD"]) if b"GET" in methods and b"HEAD" not in methods else allow
