"""What is wrong with the head of a request, if anything: its size, version, host or target."""

from collections.abc import Sequence
from typing import NamedTuple

import httptools

from serving.worker.http.hosts import Hosts
from serving.worker.http.request_lines import NOT_HTTP

MAX_HEAD_BYTES = 64 * 1024
"""When so much has come without a request or a part of its body to show for it, the connection ends."""

MAX_FIELDS = 200
"""Twice what proxies take. The smallest fields hold thirty times their bytes."""

HEAD_TOO_LARGE = f"the head of a request is limited to {MAX_HEAD_BYTES} bytes and {MAX_FIELDS} fields"

VERSIONS = ("1.0", "1.1")
OTHER_PROTOCOL = "the request line does not end in a version of HTTP; use HTTP/1.1"

UNKNOWN_VERSION = "Invalid HTTP version"
"""What the parser says of a version that it has never heard of, as 1.2 and 3.0."""

OTHERS = ("RTSP/", "ICE/")
"""In what the parser says of a request line that does not name HTTP."""

HASH = ord("#")
"""As a number, for which bytes are searched in a fifth of the time."""

FRAGMENT = "the target of a request has no fragment (RFC 9112, 3.2); leave out what begins with #"
CONNECT = "CONNECT asks a proxy, which this service is not"
STAR = "only OPTIONS may ask for * (RFC 9112, 3.2.4)"
NO_TARGET = "the target of a request is a path, which begins with a slash, or an address by http with one"

Fields = Sequence[tuple[bytes, bytes]]


class Complaint(NamedTuple):
    """The status and the words to refuse a request with."""

    status: int
    detail: str


def is_too_large(target: bytes, fields: Fields) -> bool:
    """Return whether a head takes more bytes than it may; each field has a colon, a blank and the end of its line."""
    return len(target) + sum(len(name) + len(value) + 4 for name, value in fields) > MAX_HEAD_BYTES


def complaint_of_head(method: bytes, target: bytes, fields: Fields, version: str, hosts: Hosts) -> Complaint | None:
    """Return why a request is none for this service, None when it is one.

    Parameters
    ----------
    method
        As it came.
    target
        What stands between the method and the version, as it came.
    fields
        Names in lower case, and values.
    version
        Of HTTP, as ``1.1``; or `NOT_HTTP`.
    hosts
        Judges what the service is addressed as.
    """
    if version not in VERSIONS:
        if version == NOT_HTTP:
            return Complaint(400, OTHER_PROTOCOL)
        return Complaint(505, f"HTTP/{version} is not supported; use HTTP/1.1")
    if method == b"CONNECT":
        return Complaint(400, CONNECT)
    detail = hosts.complaint([value for name, value in fields if name == b"host"], version)
    if detail is None and HASH in target:
        detail = FRAGMENT
    if detail is None and not target.startswith(b"/"):
        detail = _complaint_of_target(method, target, version, hosts)
    return None if detail is None else Complaint(400, detail)


def head_without_upgrade(method: bytes, target: bytes, version: str, fields: Fields) -> bytes:
    """Return the bytes of a head that does not ask for another protocol."""
    lines = [b"%b: %b" % field for field in fields if field[0] != b"upgrade"]
    return b"\r\n".join([b"%b %b HTTP/%b" % (method, target, version.encode()), *lines, b"", b""])


def complaint_of_error(error: httptools.HttpParserError) -> Complaint:
    """Return what to say of bytes that the parser does not understand."""
    if UNKNOWN_VERSION in str(error):
        return Complaint(505, "this version of HTTP is not supported; use HTTP/1.1")
    if any(other in str(error) for other in OTHERS):
        return Complaint(400, OTHER_PROTOCOL)
    return Complaint(400, f"this is not a request of HTTP/1.1: {error}")


def _complaint_of_target(method: bytes, target: bytes, version: str, hosts: Hosts) -> str | None:
    """Return what is wrong with a target that is no path.

    A host that it names counts for more than that of the ``Host`` field (RFC 9112, 3.2.2), so both have to be right.
    """
    if target == b"*":
        return None if method == b"OPTIONS" else STAR
    try:
        url = httptools.parse_url(target)
    except httptools.HttpParserInvalidURLError:  # of CONNECT, for one
        return NO_TARGET
    if url.host is None or url.path is None or url.schema.lower() not in (b"http", b"https"):
        return NO_TARGET
    if url.userinfo is not None:
        return "the target of a request names no user (RFC 9110, 4.2.4)"
    host = b"[%b]" % url.host if b":" in url.host else url.host
    return hosts.complaint([host if url.port is None else b"%b:%d" % (host, url.port)], version)
