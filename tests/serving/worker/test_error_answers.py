"""How faults of a request are told."""

from typing import Any

import pytest
from starlette.testclient import TestClient


def test_request_that_is_all_faults_is_told_of_the_first_fifty(client: TestClient) -> None:
    faults = {f"movie {number}": 9 for number in range(1000)}
    answer = client.post("/recommend", json={"user_ratings": faults})
    detail = answer.json()["detail"]
    assert (answer.status_code, len(detail)) == (422, 51)
    assert detail[0]["loc"][:2] == ["body", "user_ratings"]
    assert detail[-1] == {"loc": ["body"], "msg": "1950 more faults are not listed", "type": "more_faults"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"[" * 60_000, "it is nested too deep", id="deep"),
        pytest.param(b'{"user_ratings": {"1": ' + b"9" * 5_000 + b"}}", "5000 digits", id="digits"),
        pytest.param(b'{"user_ratings": {"\xff": 5}}', "can't decode byte 0xff", id="no_utf8"),
    ],
)
def test_body_that_is_no_json_is_told_why(client: TestClient, body: bytes, why: str) -> None:
    answer = client.post("/recommend", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "BadRequestError")
    assert answer.json()["detail"].startswith("the body cannot be read as JSON: ")
    assert why in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/recommend", {"user_ratings": {"9" * 50_000: 5}}, id="id"),
        pytest.param("/recommend", {"user_ratings": {"1": 5}, "filter": {"genres": ["Drama" * 10_000]}}, id="genre"),
        pytest.param("/" + "x" * 50_000, {}, id="path"),
    ],
)
def test_error_repeats_little_of_what_was_sent(client: TestClient, path: str, body: dict[str, Any]) -> None:
    answer = client.post(path, json=body)
    assert 400 <= answer.status_code < 500
    assert len(answer.content) < 3_000
