import pytest

from recsys.setting_groups import ApiSettings
from recsys.settings import Settings
from serving.worker.http.hosts import Hosts, hosts_of


def hosts_in(environment: str, host: str = "127.0.0.1", allowed: tuple[str, ...] | None = None) -> Hosts:
    return hosts_of(Settings(environment=environment, api=ApiSettings(host=host, allowed_hosts=allowed)))


@pytest.mark.parametrize(
    "host",
    [b"localhost", b"localhost:8000", b"LOCALHOST", b"127.0.0.1:1", b"[::1]:8000", b"localhost.", b"localhost \t"],
)
def test_dev_loopback_is_right(host: bytes) -> None:
    assert hosts_in("dev").complaint([host], "1.1") is None


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"localhost.evil.example",
        b"127.0.0.1.evil.example",
        b"192.0.2.1",
        b"evil.example:8000",
        b"localhost..",
    ],
)
def test_dev_any_other_name_is_wrong(host: bytes) -> None:
    for _ in range(2):
        assert "RECSYS_API__ALLOWED_HOSTS" in str(hosts_in("dev").complaint([host], "1.1"))


def test_dev_bound_name_is_right() -> None:
    assert hosts_in("dev", "films.example").complaint([b"films.example:80"], "1.1") is None
    assert hosts_in("dev", "2001:db8::1").complaint([b"[2001:db8::1]:80"], "1.1") is None


def test_dev_bound_to_every_address_any_address_is_right_but_no_name() -> None:
    hosts = hosts_in("dev", "0.0.0.0")
    assert hosts.complaint([b"192.0.2.1:8000"], "1.1") is None
    assert hosts.complaint([b"evil.example"], "1.1") is not None


def test_prod_every_name_is_right_unless_names_are_given() -> None:
    assert hosts_in("prod").complaint([b"anything.example"], "1.1") is None
    assert hosts_in("prod", allowed=("a.example",)).complaint([b"anything.example"], "1.1") is not None
    assert hosts_in("prod", allowed=("*.example",)).complaint([b"anything.example:1"], "1.1") is None
    assert hosts_in("prod", allowed=("*.example",)).complaint([b"example"], "1.1") is not None


@pytest.mark.parametrize("host", [b"127.0.0.1:8000", b"172.18.0.5:8000", b"[fd00::5]:8000"])
def test_names_given_health_checks_and_prometheus_ask_by_address(host: bytes) -> None:
    assert hosts_in("prod", "0.0.0.0", allowed=("films.example",)).complaint([host], "1.1") is None


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [b"a", b"a"],
        [b""],
        [b"a b"],
        [b"a/b"],
        [b"u@a"],
        [b"a:b"],
        [b"a:123456"],
        [b"a:65536"],
        [b"[::1]:99999"],
        [b"a:-1"],
        [b"a:+1"],
        [b"[1]"],
        [b"[::g]"],
        [b"a%"],
        [b"a%0g"],
        [b"a,b"],
        [b"[::1"],
        [b"a,b/"],
        [b"\xff"],
        [b"a?"],
        [b"a b "],
    ],
)
def test_what_is_no_host_is_wrong_wherever(hosts: list[bytes]) -> None:
    assert hosts_in("prod").complaint(hosts, "1.1") is not None


@pytest.mark.parametrize("host", [b"a:0", b"a:65535", b"a:", b"[::1]:80", b"[::ffff:127.0.0.1]", b"a%20b", b"a\t"])
def test_what_is_a_host_is_right_in_prod(host: bytes) -> None:
    assert hosts_in("prod").complaint([host], "1.1") is None


def test_http_1_0_needs_no_host() -> None:
    assert hosts_in("dev").complaint([], "1.0") is None
