"""``POST /feedback``: what is taken, counted and logged."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from recsys.log_lines import FIELDS
from recsys.logs import set_up_logs

CLICK = {"model_version": 1, "event": "click", "movie_id": 10}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return the log as JSON lines."""
    stream = io.StringIO()
    set_up_logs("INFO", as_json=True, stream=stream)
    yield stream
    set_up_logs("INFO", as_json=False)


def ask(client: TestClient, body: Any) -> Any:
    answer = client.post("/feedback", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def in_life(client: TestClient) -> Any:
    (found,) = client.get("/metrics").json()["versions"]
    return found


def test_events_are_counted_by_kind_and_click_through_has_its_interval(client: TestClient) -> None:
    for _ in range(10):
        assert client.post("/recommend", json={"user_ratings": {"10": 5}}).status_code == 200
    more = [{**CLICK, "event": "watch"}, {**CLICK, "event": "rating", "value": 4.5}, {**CLICK, "rank": 3}]
    assert ask(client, CLICK) == {"counted": 1, "ignored": 0, "reason": None}
    assert ask(client, more)["counted"] == 3
    found = in_life(client)
    assert found["events"] == {"click": 2, "watch": 1, "rating": 1}
    # Two of ten, by SciPy's binomtest(2, 10).proportion_ci(method="wilson").
    assert (found["click_through"], found["click_through_low"], found["click_through_high"]) == (
        0.2,
        0.056682,
        0.509838,
    )
    text = client.get("/metrics", headers={"Accept": "text/plain"}).text
    assert 'recsys_feedback_events_total{experiment="none",version="1",event="click"} 2' in text
    assert 'recsys_feedback_stars_total{experiment="none",version="1"} 4.5' in text


def test_version_that_has_not_answered_is_logged_but_not_counted(client: TestClient, log: io.StringIO) -> None:
    found = ask(client, [CLICK, {**CLICK, "model_version": 99}, {**CLICK, "model_version": 7}])
    assert (found["counted"], found["ignored"]) == (1, 2)
    assert found["reason"].startswith("no list of version 7, 99 was given here since the service started")
    assert client.get("/metrics").json()["feedback_ignored"] == 2
    lines = [line for line in log.getvalue().splitlines() if '"logger":"serving.feedback"' in line]
    assert len(lines) == 3


def test_line_of_an_event_holds_its_fields_and_not_the_user(client: TestClient, log: io.StringIO) -> None:
    secret = "nobody-is-to-know-me"
    event = {**CLICK, "event": "rating", "value": 3.5, "rank": 2, "user_id": secret}
    answer = client.post("/feedback", json=[event, CLICK], headers={"X-Correlation-ID": "call-7", "X-User-ID": secret})
    assert answer.status_code == 202
    client.post("/recommend", json={"user_ratings": {}, "user_id": secret}, headers={"X-User-ID": secret})
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    first, second = [line for line in lines if line["logger"] == "serving.feedback"]
    assert tuple(first) == (*FIELDS, "feedback")
    assert first["correlation_id"] == "call-7"
    assert first["feedback"] == {"model_version": 1, "event": "rating", "movie_id": 10, "rank": 2, "value": 3.5}
    assert second["feedback"] == {"model_version": 1, "event": "click", "movie_id": 10, "rank": None, "value": None}
    assert secret not in log.getvalue()


@pytest.mark.parametrize(
    ("change", "where", "message"),
    [
        ({"event": "clik"}, [0], "does not match any of the expected tags: 'click', 'watch', 'rating'"),
        ({"event": None}, [0], "tag"),
        ({"model_version": 0}, [0, "click", "model_version"], "greater than or equal to 1"),
        ({"model_version": "none"}, [0, "click", "model_version"], "valid integer"),
        ({"movie_id": "ten"}, [0, "click", "movie_id"], "valid integer"),
        ({"rank": 0}, [0, "click", "rank"], "greater than or equal to 1"),
        ({"rank": 51}, [0, "click", "rank"], "less than or equal to 50"),
        ({"value": 1}, [0, "click", "value"], "None"),
        ({"event": "rating"}, [0, "rating", "value"], "required"),
        ({"event": "rating", "value": 6}, [0, "rating", "value"], "less than or equal to 5"),
        ({"event": "watch", "value": 2}, [0, "watch", "value"], "less than or equal to 1"),
        ({"event": "watch", "value": float("nan")}, [0, "watch", "value"], "finite"),
        ({"user_id": ""}, [0, "click", "user_id", "constrained-str"], "at least 1 character"),
        ({"more": 1}, [0, "click", "more"], "not permitted"),
    ],
)
def test_event_that_is_wrong_is_refused_with_its_field(
    client: TestClient, change: dict[str, Any], where: list[Any], message: str
) -> None:
    body = json.dumps({**CLICK, **change})
    answer = client.post("/feedback", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    complaint = answer.json()["detail"][0]
    assert complaint["loc"][: len(where) + 1] == ["body", *where], complaint
    assert message in complaint["msg"]
    assert "recsys_feedback_events_total{" not in client.get("/metrics", headers={"Accept": "text/plain"}).text


@pytest.mark.parametrize("body", [[], [CLICK] * 101, "click", 7, None, [[CLICK]], [CLICK, {}]])
def test_batch_that_is_wrong_is_refused_as_a_whole(client: TestClient, body: Any) -> None:
    answer = client.post("/feedback", json=body)
    assert answer.status_code == 422, answer.text
    assert "recsys_feedback_events_total{" not in client.get("/metrics", headers={"Accept": "text/plain"}).text


def test_batch_of_a_hundred_is_taken(client: TestClient) -> None:
    assert ask(client, [CLICK] * 100)["counted"] == 100


def test_page_of_another_site_may_not_send_events(client: TestClient) -> None:
    answer = client.post("/feedback", json=CLICK, headers={"Sec-Fetch-Site": "cross-site", "Origin": "http://evil"})
    assert answer.status_code == 403
