"""Which names the service may be addressed by (RFC 9112, 3.2).

A page whose name is made to lead to this machine (DNS rebinding) is of the same origin for the browser: only the name
in the request tells that it is another's.
"""

import re
from collections.abc import Collection, Sequence
from ipaddress import ip_address

from recsys.settings import Settings

ANY = "*"
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
EVERY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104

MAX_KNOWN = 1000
"""So many values that were found right are remembered."""

MAX_PORT = 65535

_HOST = re.compile(
    rb"(?P<name>\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+)(?::(?P<port>[0-9]{0,5}))?"
)
"""As RFC 9110 (7.2) and RFC 3986 (3.2.2) have it: a port may be empty. But without commas, which join two fields."""


class Hosts:
    """Judges the hosts of requests.

    Parameters
    ----------
    allowed
        Names without ports; ``*`` for all, ``*.example.org`` for all below a name.
    any_address
        Whether a bare IP address is right whichever it is, as no name can be made to lead elsewhere there.
    """

    def __init__(self, allowed: Collection[str], *, any_address: bool = False) -> None:
        self._names = {name.lower() for name in allowed}
        self._below = tuple(name[1:] for name in self._names if name.startswith("*."))
        self._any_address = any_address
        self._known: set[bytes] = set()

    def complaint(self, hosts: Sequence[bytes], version: str) -> str | None:
        """Return what is wrong with the ``Host`` fields of a request, None when nothing is."""
        if len(hosts) == 1 and hosts[0] in self._known:
            return None
        if len(hosts) > 1:
            return f"{len(hosts)} Host fields; a request has one"
        if not hosts:
            return None if version == "1.0" else "no Host field; a request of HTTP/1.1 has one"
        return self._complaint_of(hosts[0])

    def _complaint_of(self, host: bytes) -> str | None:
        found = _HOST.fullmatch(host.strip(b" \t"))
        if found is None or (found["name"].startswith(b"[") and not _is_address(found["name"].decode("ascii"))):
            return "the Host field is not the name of a host, with a port or without"
        if int(found["port"] or 0) > MAX_PORT:
            return f"the Host field has port {int(found['port'])}; the highest is {MAX_PORT}"
        name = found["name"].decode("ascii").lower().removesuffix(".")
        if not self._is_allowed(name):
            return f"the service is not addressed as {name[:100]}; RECSYS_API__ALLOWED_HOSTS names what it is"
        if len(self._known) < MAX_KNOWN:
            self._known.add(host)
        return None

    def _is_allowed(self, name: str) -> bool:
        if ANY in self._names or name in self._names or name.endswith(self._below):
            return True
        return self._any_address and _is_address(name)


def hosts_of(settings: Settings) -> Hosts:
    """Return the judge that the settings ask for."""
    api = settings.api
    if api.allowed_hosts is not None:
        # By a bare address ask the container's health check, Prometheus and load balancers.
        return Hosts(api.allowed_hosts, any_address=True)
    if settings.environment != "dev":
        return Hosts([ANY])
    bound = f"[{api.host}]" if ":" in api.host else api.host
    return Hosts([*LOOPBACK, bound], any_address=api.host in EVERY_ADDRESS)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
