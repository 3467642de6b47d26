"""The short way and the long one give the same answers."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

QUESTION = {"user_ratings": {"10": 5, "30": 1}, "n": 3}
PLAIN = {"Content-Type": "application/json"}
LONG: dict[str, str] = {**PLAIN, "Expect": "nothing"}


@pytest.fixture(params=[True, False], ids=["cors", "no_cors"])
def either(request: pytest.FixtureRequest, settings: Any, publish: Any) -> TestClient:
    from serving.worker.app import create_app  # noqa: PLC0415

    publish(1)
    cors = settings.cors if request.param else settings.cors.model_copy(update={"origins": ()})
    return TestClient(create_app(settings.model_copy(update={"cors": cors})), raise_server_exceptions=False)


def without_id(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "x-correlation-id"}


BODIES = [
    json.dumps(QUESTION),
    json.dumps({"user_ratings": {}}),
    json.dumps({"user_ratings": {"10": 5}, "n": 0}),
    json.dumps({"user_ratings": {"99": 5}}),
    json.dumps({"user_ratings": {"10": 5}, "unheard": 1}),
    "{",
    "",
    "[]",
    " " * 70_000 + json.dumps(QUESTION),
]


@pytest.mark.parametrize("body", BODIES)
def test_recommend_answers_the_same_either_way(either: TestClient, body: str) -> None:
    short, long = (either.post("/recommend", content=body, headers=headers) for headers in (PLAIN, LONG))
    assert short.status_code == long.status_code
    assert without_id(short.headers) == without_id(long.headers)
    if short.status_code == 200:
        assert short.content == long.content
    counted = either.get("/metrics").json()
    assert counted["requests_by_endpoint"] == {"POST /recommend": 2}
    assert counted["status_codes"] == {str(short.status_code): 2}


@pytest.mark.parametrize(
    "path",
    [
        "10/similar",
        "10/similar?n=2",
        "10/similar?n=0",
        "10/similar?n=x",
        "99/similar",
        "-1/similar",
        "x/similar",
        "10/similar?n=",
    ],
)
def test_similar_answers_the_same_either_way(either: TestClient, path: str) -> None:
    short, long = (either.get(f"/movies/{path}", headers=headers) for headers in ({}, {"Expect": "nothing"}))
    assert short.status_code == long.status_code
    assert without_id(short.headers) == without_id(long.headers)
    if short.status_code == 200:
        assert short.content == long.content


def test_id_of_the_caller_comes_back_by_the_short_way(either: TestClient) -> None:
    answer = either.post("/recommend", json=QUESTION, headers={"X-Correlation-ID": "mine"})
    assert answer.headers["X-Correlation-ID"] == "mine"


def test_origin_gets_its_headers(client: TestClient) -> None:
    answer = client.post("/recommend", json=QUESTION, headers={"Origin": "https://films.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://films.example"
