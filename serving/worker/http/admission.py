"""What is refused before it is looked at any closer: encoded bodies, and requests from another site's pages."""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlsplit

from starlette.types import Scope

from recsys.errors import RecsysError
from serving.worker.errors import CrossSiteError, UnsupportedEncodingError

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
READING_POSTS = ("/recommend", "/invocations")
"""They carry a question in their body, and change nothing."""

OWN_SITE = (b"same-origin", b"none")
ANY_ORIGIN = "*"


class Admission:
    """Judges requests that carry a body, or may change something.

    Parameters
    ----------
    origins
        Whose pages may call the service, besides its own.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origins)

    def objection(self, scope: Scope) -> RecsysError | None:
        """Return why a request is refused, None when it is not."""
        if scope["method"] in SAFE_METHODS:
            return None
        # A field that comes twice is one list (RFC 9110, 5.3).
        encoding = b", ".join(value for key, value in scope["headers"] if key == b"content-encoding")
        if any(name.strip().lower() not in (b"", b"identity") for name in encoding.split(b",")):
            shown = encoding.decode("latin-1")[:100]
            return UnsupportedEncodingError(f"a body of Content-Encoding {shown!r} is not read; send it as it is")
        transfer = header(scope, b"transfer-encoding")
        if transfer is not None and transfer.strip().lower() != b"chunked":
            shown = transfer.decode("latin-1")[:100]
            return UnsupportedEncodingError(f"a body of Transfer-Encoding {shown!r} is not read; use chunked, or none")
        return None if scope["path"] in READING_POSTS else self.foreign(scope)

    def foreign(self, scope: Scope) -> CrossSiteError | None:
        """Return a refusal of a request that a page of another site has a browser make, None for any other.

        Browsers tell by ``Sec-Fetch-Site``, and older ones by ``Origin`` with all but GET; no page can change either.
        """
        site, origin = header(scope, b"sec-fetch-site"), header(scope, b"origin")
        if site in OWN_SITE or (site is None and (origin is None or _is_own(origin, scope))):
            return None
        named = "another site" if origin is None else origin.decode("latin-1")[:200]
        if ANY_ORIGIN in self._origins or named in self._origins:
            return None
        return CrossSiteError(f"a page of {named} may not ask for this; RECSYS_CORS__ORIGINS names the pages that may")


def header(scope: Scope, name: bytes) -> Any:
    """Return the first value of a header, bytes, None where there is none."""
    return next((value for key, value in scope["headers"] if key == name), None)


def _is_own(origin: bytes, scope: Scope) -> bool:
    """Return whether an origin is the service itself; whether by http or https, a proxy in between may know."""
    try:
        return urlsplit(origin).netloc.lower() == (header(scope, b"host") or b"").lower() != b""
    except ValueError:
        return False
