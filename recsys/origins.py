"""Origins of web pages, as browsers send them in the header ``Origin`` (RFC 6454): scheme, host, port, nothing else."""

import re
from ipaddress import IPv6Address
from socket import inet_aton, inet_ntoa
from urllib.parse import urlsplit

ANY = "*"
DEFAULT_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?\.?")
_ENDS_IN_A_NUMBER = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?")


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
        return (
            f"{origin!r} never matches: a * cannot stand for a part; list each origin, as https://shop.example or "
            "http://localhost:3000, or write * alone for all"
        )
    return f"{origin!r} is not an origin; write it as https://shop.example or http://localhost:3000"


def _as_browsers_send_it(origin: str) -> str:
    """Return the origin of an address: lower case, without a path, without the scheme's own port; empty for none."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return ""
    scheme, host = parts.scheme.lower(), parts.netloc.rpartition("@")[2]
    host = _host_as_browsers_send_it(host.rpartition(":")[0] if port is not None else host.removesuffix(":"))
    if scheme not in DEFAULT_PORTS or not host:
        return ""
    return f"{scheme}://{host}" if port in (None, DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{port}"


def _host_as_browsers_send_it(host: str) -> str:
    """Return a name in lower case and in ASCII, or an address in its shortest form; empty for none."""
    try:
        if host.startswith("["):
            return f"[{IPv6Address(host.removeprefix('[').removesuffix(']'))}]" if "%" not in host else ""
        name = host.encode("idna").decode("ascii").lower()
        if _ENDS_IN_A_NUMBER.fullmatch(name):  # however it is written, it is an address
            return inet_ntoa(inet_aton(name.removesuffix(".")))
    except (ValueError, OSError):
        return ""
    return name if _NAME.fullmatch(name) else ""
