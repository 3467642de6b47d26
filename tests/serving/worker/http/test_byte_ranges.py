"""Parts of files, by RFC 9110, 14: what asks for none that can be told is answered with the whole."""

from typing import Any

import pytest
from starlette.testclient import TestClient

FILES = ("/explorer/app.js", "/docs-assets/swagger-ui.css")
IGNORED = [
    *("bytes=5-1", "bytes=x", "bytes=-", "bytes=", "bytes", "bytes=1", "bytes=1-2-3", "bytes=+1-2", "bytes=1_0-", ""),
    *("bytes=\u0661-", "bytes=0x1-", "bytes 0-1", "bytes =0-1", "=0-1", "bytes=1.5-", "bytes=--1", "bytes=0- 5"),
    *("lines=1-2", "items=0-5", "seconds=0-", "none", "bytes=0-1,5-9", "bytes=0-0,-1", "bytes=0-,0-,0-"),
    *("bytes=" + "9" * 5000 + "-", "bytes=" + ",".join(f"{at}-{at}" for at in range(1000)), "bytes=" + "0-," * 5000),
]


@pytest.fixture(params=FILES)
def file(client: TestClient, request: pytest.FixtureRequest) -> Any:
    """Return the whole answer of a file."""
    return client.get(request.param)


@pytest.mark.parametrize("asked", IGNORED, ids=lambda asked: asked[:20])
def test_range_that_is_none_or_not_one_is_ignored(client: TestClient, file: Any, asked: str) -> None:
    answer = client.get(file.url.path, headers={"Range": asked.encode()})
    assert (answer.status_code, answer.content) == (200, file.content)
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("first_field", ["bytes=0-1", "lines=0-1"])
def test_two_range_fields_are_ignored(client: TestClient, file: Any, first_field: str) -> None:
    answer = client.get(file.url.path, headers=[("Range", first_field), ("Range", "bytes=2-3")])
    assert (answer.status_code, answer.content) == (200, file.content)


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=2-9", slice(2, 10)),
        ("Bytes=  2-9 ", slice(2, 10)),
        ("bytes=10-", slice(10, None)),
        ("bytes=-5", slice(-5, None)),
        ("bytes=1-999999999999", slice(1, None)),
        ("bytes=-999999999", slice(None)),
    ],
)
def test_one_range_is_answered(client: TestClient, file: Any, asked: str, part: slice) -> None:
    answer = client.get(file.url.path, headers={"Range": asked})
    first, last, _ = part.indices(len(file.content))
    assert (answer.status_code, answer.content) == (206, file.content[part])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last - 1}/{len(file.content)}"


@pytest.mark.parametrize("asked", ["bytes=999999999-", "bytes=999999999-1000000000", "bytes=-0"])
def test_range_that_is_not_there_is_416_in_the_one_shape(client: TestClient, file: Any, asked: str) -> None:
    answer = client.get(file.url.path, headers={"Range": asked})
    assert (answer.status_code, answer.json()["error"]) == (416, "RangeNotSatisfiableError")
    assert set(answer.json()) == {"error", "detail", "correlation_id"}
    assert answer.headers["Content-Range"] == f"bytes */{len(file.content)}"


@pytest.mark.parametrize("asked", ["bytes=0-0", "bytes=999999999-", "lines=1-2", "bytes=0-0,2-2"])
def test_range_is_for_get_of_a_file_only(client: TestClient, file: Any, asked: str) -> None:
    head = client.head(file.url.path, headers={"Range": asked})
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(file.content)))
    for path in (
        "/",
        "/health/live",
        "/movies/10",
        "/movies/10/similar",
        "/movies/search?q=a",
        "/openapi.json",
        "/docs",
    ):
        assert client.get(path, headers={"Range": asked}).status_code == 200
    question = client.post("/recommend", json={"user_ratings": {"10": 5}}, headers={"Range": asked})
    assert question.status_code == 200
    assert client.get("/movies/99", headers={"Range": asked}).status_code == 404


def test_range_of_a_file_that_has_changed_is_answered_with_the_whole(client: TestClient, file: Any) -> None:
    for if_range, status in ((file.headers["ETag"], 206), ('"another"', 200), ("Mon, 01 Jan 2001 00:00:00 GMT", 200)):
        answer = client.get(file.url.path, headers={"Range": "bytes=0-0", "If-Range": if_range})
        assert answer.status_code == status
