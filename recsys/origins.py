"""Origins of web pages, as browsers send them in the header ``Origin`` (RFC 6454): scheme, host, port, nothing else."""

import re
from urllib.parse import urlsplit

ANY = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\]")


def origin_problem(origin: str) -> str:
    """Return why no browser would ever send this origin, with the right form where it can be told; else nothing."""
    if origin == ANY:
        return ""
    right = _as_browsers_send_it(origin)
    if right == origin:
        return ""
    if right:
        shown = re.sub(r"//.*@", "//***@", origin)  # what stands before an @ may be a password
        return f"{shown!r} never matches what browsers send; write {right}"
    if "*" in origin:
        return f"{origin!r} never matches: a * cannot stand for a part; list each origin, or write * alone for all"
    return f"{origin!r} is not an origin; write it as https://shop.example or http://localhost:3000"


def _as_browsers_send_it(origin: str) -> str:
    """Return the origin of an address: lower case, without a path, without the scheme's own port; empty for none."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return ""
    scheme, host = parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()
    host = host.removesuffix(f":{port}") if port is not None else host.removesuffix(":")
    if scheme not in DEFAULT_PORTS or not _HOST.fullmatch(host):
        return ""
    return f"{scheme}://{host}" if port in (None, DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{port}"
