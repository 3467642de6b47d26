"""What is refused before it is looked at any closer: encoded bodies, and requests from another site's pages."""

import re
from collections.abc import Collection

from starlette.types import Scope

from recsys.errors import RecsysError
from serving.worker.errors import CrossSiteError, UnsupportedEncodingError

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
READING_POSTS = ("/recommend", "/invocations")
"""They carry a question in their body, and change nothing."""

OWN_SITE = (b"same-origin", b"none")
ANY_ORIGIN = "*"

UTF_8 = (b"utf-8", b"utf8")
"""The charset of JSON (RFC 8259, 8.1), which no caller needs to name."""

AS_MLFLOW_SAYS = "/invocations"
"""MLflow refuses other charsets by itself, with the same status."""

_CHARSET = re.compile(rb";\s*charset\s*=\s*\"?([^\s;\"]*)", re.IGNORECASE)


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
        encoding = b", ".join(_values(scope, b"content-encoding"))
        if any(name.strip().lower() not in (b"", b"identity") for name in encoding.split(b",")):
            return UnsupportedEncodingError(
                f"a body of Content-Encoding {_shown(encoding)} is not read; send it as it is"
            )
        for transfer in _values(scope, b"transfer-encoding"):
            if transfer.strip().lower() != b"chunked":
                shown = _shown(transfer)
                return UnsupportedEncodingError(
                    f"a body of Transfer-Encoding {shown} is not read; use chunked, or none"
                )
        charset = _CHARSET.search(b";".join(_values(scope, b"content-type")))
        if charset is not None and charset[1].lower() not in UTF_8 and scope["path"] != AS_MLFLOW_SAYS:
            return UnsupportedEncodingError(f"a body of charset {_shown(charset[1])} is not read; send UTF-8")
        return None if scope["path"] in READING_POSTS else self.foreign(scope)

    def foreign(self, scope: Scope) -> CrossSiteError | None:
        """Return a refusal of a request that a page of another site has a browser make, None for any other.

        Browsers tell by ``Sec-Fetch-Site``, and with all but GET by ``Origin`` as well; no page can change either. One
        that tells of another site is enough. Programs send neither.
        """
        if ANY_ORIGIN in self._origins:
            return None
        origins, own = _values(scope, b"origin"), _own_origins(scope)
        unnamed = [origin for origin in origins if origin.decode("latin-1") not in self._origins]
        strangers = [origin for origin in unnamed if origin.lower() not in own]
        is_named = bool(origins) and not unnamed
        if not strangers and (is_named or all(site in OWN_SITE for site in _values(scope, b"sec-fetch-site"))):
            return None
        named = strangers[0].decode("latin-1")[:200] if strangers else "another site"
        return CrossSiteError(f"a page of {named} may not ask for this; RECSYS_CORS__ORIGINS names the pages that may")


def _values(scope: Scope, name: bytes) -> list[bytes]:
    """Return the values of all fields of a name."""
    return [value for key, value in scope["headers"] if key == name]


def _shown(value: bytes) -> str:
    return repr(value.decode("latin-1")[:100])


def _own_origins(scope: Scope) -> Collection[bytes]:
    """Return the origins of the service's own pages; whether by http or https, a proxy in between may know."""
    host = b"".join(_values(scope, b"host")[:1]).lower()
    return (b"http://" + host, b"https://" + host) if host else ()
