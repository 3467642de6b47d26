"""What holds for every request: headers, error shape, log lines, CORS, documentation."""

import io
import json
import uuid
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from recsys.log_lines import FIELDS
from recsys.logs import set_up_logs
from serving.worker import questions
from serving.worker.routes.index import LINKS


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return the stream that JSON lines go to."""
    stream = io.StringIO()
    set_up_logs("DEBUG", as_json=True, stream=stream)
    yield stream
    set_up_logs("INFO", as_json=False, stream=io.StringIO())


def lines(log: io.StringIO) -> list[dict[str, object]]:
    """Return the lines of the service, without those of the test's own HTTP client."""
    found = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in found if not line["logger"].startswith("httpx")]


@pytest.mark.parametrize("given", ["abc", "A-1_b.c", "x" * 128])
def test_correlation_id_that_is_sane_comes_back(client: TestClient, given: str) -> None:
    assert client.get("/health/live", headers={"X-Correlation-ID": given}).headers["X-Correlation-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\tb", "a\x1b[31m", 'a"b', "ä", "a/b", "a\nb"])
def test_correlation_id_that_is_not_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get("/health/live", headers={"X-Correlation-ID": given.encode("latin-1")})
    assert str(uuid.UUID(answer.headers["X-Correlation-ID"])) == answer.headers["X-Correlation-ID"]


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/nowhere", "/movies/x", "/docs", "/openapi.json"])
def test_every_answer_carries_both_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Model-Version"] == "1"
    assert headers["X-Correlation-ID"]


def test_no_route_gives_404_in_the_one_shape(client: TestClient) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.json() == {
        "error": "NotFoundError",
        "detail": "GET /nowhere: not found; see /docs",
        "correlation_id": answer.headers["X-Correlation-ID"],
    }


def test_wrong_method_gives_405_and_names_the_right_one(client: TestClient) -> None:
    answer = client.get("/recommend")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert answer.json()["error"] == "MethodNotAllowedError"


def test_unexpected_error_shows_in_the_log_only(
    client: TestClient, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(questions, "details", fail)
    answer = client.get("/movies/10")
    assert answer.status_code == 500
    assert set(answer.json()) == {"error", "detail", "correlation_id"}
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.headers["X-Model-Version"] == "1"
    logged = [line for line in lines(log) if line["level"] == "ERROR"]
    assert "secret detail" in str(logged[0]["message"])
    assert logged[0]["correlation_id"] == answer.headers["X-Correlation-ID"]
    assert client.get("/metrics").json()["errors_by_type"] == {"InternalServerError": 1}


def test_log_has_one_info_line_for_a_request_and_a_debug_line_for_its_start(
    client: TestClient, log: io.StringIO
) -> None:
    answer = client.get("/movies/10/similar?n=3")
    start, end = lines(log)
    assert tuple(start) == tuple(end) == FIELDS
    assert (start["level"], end["level"]) == ("DEBUG", "INFO")
    assert (start["status_code"], start["duration_ms"]) == (None, None)
    assert (end["method"], end["path"], end["status_code"]) == ("GET", "/movies/10/similar", 200)
    assert isinstance(end["duration_ms"], float)
    assert start["correlation_id"] == end["correlation_id"] == answer.headers["X-Correlation-ID"]


def test_log_line_cannot_be_forged_by_a_path(client: TestClient, log: io.StringIO) -> None:
    client.get('/a%0A{"level":"CRITICAL"}%0D%1b[31m')
    assert [line["level"] for line in lines(log)] == ["DEBUG", "INFO"]


def test_cors_allowed_origin_may_read_the_headers(client: TestClient) -> None:
    answer = client.get("/health/live", headers={"Origin": "https://films.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://films.example"
    assert "X-Model-Version" in answer.headers["Access-Control-Expose-Headers"]


def test_cors_other_origin_is_not_allowed(client: TestClient) -> None:
    answer = client.get("/health/live", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_cors_answers_vary_with_the_origin_even_without_one(client: TestClient) -> None:
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "https://films.example"}):
        assert "Origin" in client.get("/health/live", headers=headers).headers["vary"]
    assert client.get("/").headers["vary"] == "Accept, Origin"


def test_cors_preflight_carries_the_headers_as_well(client: TestClient) -> None:
    asked = {"Origin": "https://films.example", "Access-Control-Request-Method": "POST", "X-Correlation-ID": "mine"}
    answer = client.options("/recommend", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["X-Correlation-ID"] == "mine"
    assert answer.headers["X-Model-Version"] == "1"


def test_index_as_json_names_the_routes(client: TestClient) -> None:
    assert client.get("/").json()["endpoints"] == LINKS


def test_docs_work_without_a_way_out(client: TestClient) -> None:
    for page in ("/docs", "/redoc"):
        text = client.get(page).text
        assert "https://" not in text.replace("https://fastapi.tiangolo.com", "")
    assert client.get("/docs-assets/swagger-ui-bundle.js").status_code == 200


def test_openapi_offers_no_csv_for_a_table_of_lists(client: TestClient) -> None:
    body = client.get("/openapi.json").json()["paths"]["/invocations"]["post"]["requestBody"]
    assert list(body["content"]) == ["application/json"]
    assert "CSV cannot hold lists" in body["description"]


def test_openapi_examples_run(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    examples = schema["paths"]["/recommend"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    for example in examples.values():
        assert client.post("/recommend", json=example["value"]).status_code == 200
    assert "/docs" not in schema["paths"]
