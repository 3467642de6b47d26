import pytest
from starlette.testclient import TestClient

from serving.worker.errors import TooManyRequestsError
from serving.worker.operations import guesses
from serving.worker.operations.guesses import Guesses

WRONG = {"Authorization": "Bearer not-the-token"}
RIGHT = {"Authorization": "Bearer a-token-of-the-tests"}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_guesses_beyond_the_limit_are_refused_until_a_minute_has_passed() -> None:
    clock = Clock()
    found = Guesses(3, clock)
    for _ in range(3):
        found.check("192.0.2.1")
        found.note_wrong("192.0.2.1")
        clock.now += 1
    with pytest.raises(TooManyRequestsError, match="3 wrong admin tokens within a minute; try again in 57 ") as refused:
        found.check("192.0.2.1")
    assert refused.value.wait == guesses.WINDOW_SECONDS - 3
    found.check("192.0.2.2")
    clock.now += guesses.WINDOW_SECONDS - 3
    found.check("192.0.2.1")


def test_addresses_of_one_ipv6_network_are_one_caller() -> None:
    found = Guesses(1, Clock())
    found.note_wrong("2001:db8::1")
    with pytest.raises(TooManyRequestsError):
        found.check("2001:db8::2")
    found.check("2001:db8:0:1::1")


def test_only_so_many_addresses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MAX_ADDRESSES", 2)
    found = Guesses(1, Clock())
    for address in ("a", "b", "c"):
        found.note_wrong(address)
    found.check("a")
    with pytest.raises(TooManyRequestsError):
        found.check("c")


@pytest.mark.parametrize("path", ["/cache/clear", "/model/reload"])
def test_token_is_not_even_compared_after_too_many_guesses(client: TestClient, path: str) -> None:
    for _ in range(10):
        assert client.post(path, headers=WRONG).status_code == 401
    for headers in (WRONG, RIGHT):
        answer = client.post(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (429, "TooManyRequestsError")
        assert f"try again in {answer.headers['Retry-After']} seconds" in answer.json()["detail"]


def test_missing_tokens_are_no_guesses(client: TestClient) -> None:
    for _ in range(20):
        assert client.post("/cache/clear").status_code == 401
    assert client.post("/cache/clear", headers=RIGHT).status_code == 200


def test_too_many_guesses_are_documented_wherever_a_token_is_asked_for(client: TestClient) -> None:
    operations = [one for path in client.get("/openapi.json").json()["paths"].values() for one in path.values()]
    asking = [one for one in operations if "401" in one["responses"]]
    assert len(asking) > 5
    assert all("429" in one["responses"] for one in asking)


@pytest.mark.parametrize(
    ("guesser", "same", "other"),
    [
        # Where both kinds are listened to at one port, IPv4 looks like this.
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("::ffff:192.0.2.1", "192.0.2.1", "::1"),
        ("fe80::1%eth0", "fe80::2%eth1", "fe80:0:0:1::1%eth0"),
    ],
)
def test_addresses_of_other_kinds_are_told_apart(guesser: str, same: str, other: str) -> None:
    found = Guesses(1)
    found.note_wrong(guesser)
    with pytest.raises(TooManyRequestsError):
        found.check(same)
    found.check(other)
