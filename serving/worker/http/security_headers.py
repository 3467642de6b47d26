"""What browsers are told about the pages of the service, and about everything else."""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256

EVERYWHERE = ((b"x-content-type-options", b"nosniff"),)
"""On every answer: no browser takes JSON for a page."""

OWN_FILES = "default-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'; frame-ancestors 'self'"

_INLINE = re.compile(r"<(?P<kind>script|style)>(?P<content>.*?)</(?P=kind)>", re.DOTALL)


def page_headers(policy: str = OWN_FILES) -> dict[str, str]:
    """Return the headers of a page under a Content-Security-Policy."""
    return {
        # The browser asks each time whether a file has changed, and mostly hears that it has not.
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "SAMEORIGIN",
    }


def policy_for(html: str, more: Mapping[str, str]) -> str:
    """Return the policy of a page that others have written: its inline scripts and styles by their sums, and no others.

    Parameters
    ----------
    html
        The page.
    more
        Further sources by directive; those of ``script-src`` and ``style-src`` join the sums.
    """
    directives = {"script-src": ["'self'"], "style-src": ["'self'"]}
    for found in _INLINE.finditer(html):
        directives[f"{found['kind']}-src"].append(_source_of(found["content"]))
    for name, sources in more.items():
        directives.setdefault(name, []).append(sources)
    return "; ".join([OWN_FILES, *(f"{name} {' '.join(sources)}" for name, sources in directives.items())])


def _source_of(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


EMPTY = _source_of("")
"""Of a style element that is filled by a script later on."""
