"""Requests of other sites' pages, encoded bodies, HEAD, redirects, and errors that Starlette makes by itself."""

import gzip
import io
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from recsys.logs import set_up_logs

CHANGING = ("/cache/clear", "/model/reload", "/versions/1/load")
FOREIGN: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://testserver.evil.example"},
    {"Origin": "http://["},
    {"Origin": "http://"},
    {"Origin": ""},
    {"Origin": "http://testserver:8000"},
    {"Origin": "http://testserver/"},
    {"Origin": "ftp://testserver"},
    {"Origin": "testserver"},
    {"Origin": "https://films.example, http://testserver"},
    {"Origin": "http://films.example"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "none", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "none", "Origin": "null"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver:8000"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-origin, cross-site"},
    {"Sec-Fetch-Site": "SAME-ORIGIN"},
    {"Sec-Fetch-Site": ""},
]
OWN: list[dict[str, str]] = [
    {},
    {"Origin": "HTTP://TestServer"},
    {"Sec-Fetch-Site": "none", "Origin": "https://films.example"},
    {"Sec-Fetch-Site": "same-site", "Origin": "https://films.example"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://testserver"},
    {"Origin": "https://testserver"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://films.example"},
    {"Origin": "https://films.example"},
]
PATHS = ["/", "/health", "/health/live", "/metrics", "/movies/10", "/movies/search?q=a", "/openapi.json", "/docs"]
PATHS += ["/explorer/app.js", "/ping", "/version", "/model", "/movies/10/similar?n=2", "/nowhere", "/movies/99"]


@pytest.mark.parametrize("path", CHANGING)
@pytest.mark.parametrize("headers", FOREIGN)
def test_what_changes_something_is_refused_to_pages_of_other_sites(
    client: TestClient, path: str, headers: dict[str, str]
) -> None:
    for content_type in ("text/plain", "application/json"):
        answer = client.post(path, content=b"x", headers={**headers, "Content-Type": content_type})
        assert (answer.status_code, answer.json()["error"]) == (403, "CrossSiteError")
        assert answer.headers["X-Correlation-ID"] == answer.json()["correlation_id"]


@pytest.mark.parametrize(
    "fields",
    [
        [("Origin", "http://testserver"), ("Origin", "https://evil.example")],
        [("Origin", "https://films.example"), ("Origin", "https://evil.example")],
        [("Origin", "https://films.example"), ("Origin", "http://testserver"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "none"), ("Origin", "http://testserver")],
    ],
)
def test_one_field_of_several_that_tells_of_another_site_is_enough(
    client: TestClient, fields: list[tuple[str, str]]
) -> None:
    answer = client.post("/cache/clear", headers=[*fields, ("Authorization", "Bearer a-token-of-the-tests")])
    assert (answer.status_code, answer.json()["error"]) == (403, "CrossSiteError")


@pytest.mark.parametrize("headers", OWN)
def test_what_changes_something_is_done_for_programs_own_pages_and_allowed_ones(
    client: TestClient, headers: dict[str, str]
) -> None:
    answer = client.post("/cache/clear", headers={**headers, "Authorization": "Bearer a-token-of-the-tests"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/movies/10", "/movies/10/similar"])
def test_version_is_not_fetched_for_pages_of_other_sites(client: TestClient, path: str) -> None:
    answer = client.get(f"{path}?version=7", headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()["error"]) == (403, "CrossSiteError")


def test_questions_of_pages_of_other_sites_are_answered(client: TestClient) -> None:
    answer = client.post("/recommend", json={"user_ratings": {"10": 5}}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x-unheard", "gzip, identity"])
@pytest.mark.parametrize("path", ["/recommend", "/invocations"])
def test_encoded_body_is_refused_with_415(client: TestClient, path: str, encoding: str) -> None:
    body = gzip.compress(b'{"user_ratings":{"10":5}}')
    answer = client.post(path, content=body, headers={"Content-Encoding": encoding, "Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (415, "UnsupportedEncodingError")
    assert answer.headers["Accept-Encoding"] == "identity"


def test_body_whose_second_field_names_an_encoding_is_refused_with_415(client: TestClient) -> None:
    fields = [("Content-Encoding", "identity"), ("Content-Encoding", "gzip"), ("Content-Type", "application/json")]
    answer = client.post("/recommend", content=b'{"user_ratings":{"10":5}}', headers=fields)
    assert (answer.status_code, answer.json()["error"]) == (415, "UnsupportedEncodingError")


def test_body_of_encoding_identity_is_read(client: TestClient) -> None:
    answer = client.post("/recommend", json={"user_ratings": {"10": 5}}, headers={"Content-Encoding": "Identity"})
    assert answer.status_code == 200


JSON_POSTS = ("/recommend", "/feedback", *CHANGING)
CHARSETS = ["latin-1", "iso-8859-1", "UTF-16", "utf-16le", '"latin-1"', "us-ascii", "x", ""]


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("path", JSON_POSTS)
def test_body_of_another_charset_is_refused_with_415_on_every_route(
    client: TestClient, path: str, charset: str
) -> None:
    for content_type in (f"application/json; charset={charset}", f"application/json;a=b ;  CharSet = {charset}"):
        answer = client.post(path, content=b'{"user_ratings":{"10":5}}', headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["error"]) == (415, "UnsupportedEncodingError")
        assert "send UTF-8" in answer.json()["detail"]


@pytest.mark.parametrize(
    "parameters", ["", ";", "; charset=utf-8", ";charset=UTF-8", '; charset="Utf-8"', "; charset=utf8"]
)
def test_body_of_utf_8_is_read_however_that_is_said(client: TestClient, parameters: str) -> None:
    headers = {"Content-Type": f"application/json{parameters}"}
    answer = client.post("/recommend", content=b'{"user_ratings":{"10":5}}', headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("path", PATHS)
def test_head_is_answered_as_get_is_without_the_body(client: TestClient, path: str, accept: str) -> None:
    by_get, by_head = client.get(path, headers={"Accept": accept}), client.head(path, headers={"Accept": accept})
    assert by_head.status_code == by_get.status_code
    assert by_head.content == b""
    differing = ("x-correlation-id", "content-length") if path == "/metrics" else ("x-correlation-id",)
    for name in set(by_get.headers) - set(differing):
        assert by_head.headers[name] == by_get.headers[name], name


def test_head_is_counted_as_what_it_asks_for(client: TestClient) -> None:
    client.head("/movies/10")
    assert client.get("/metrics").json()["requests_by_endpoint"] == {"GET /movies/{movie_id}": 1}


def test_head_of_a_post_route_gives_405(client: TestClient) -> None:
    answer = client.head("/recommend")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_allowed_methods_name_head_beside_get(client: TestClient) -> None:
    assert client.post("/health").headers["Allow"] == "GET, HEAD"
    assert client.put("/movies/10").headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/health/", "/health"),
        ("/health/?a=b", "/health?a=b"),
        ("/docs-assets", "/docs-assets/"),
        ("/movies/10/similar/?n=2", "/movies/10/similar?n=2"),
    ],
)
def test_redirect_stays_with_the_host_that_was_asked(client: TestClient, path: str, location: str) -> None:
    answer = client.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (307, location)


@pytest.mark.parametrize(
    "path", ["//evil.example/health/", "//evil.example//", "/%2Fevil.example/", "/\\evil.example/"]
)
def test_no_path_makes_a_redirect_to_another_host(client: TestClient, path: str) -> None:
    answer = client.get(f"http://testserver{path}", follow_redirects=False)
    location = answer.headers.get("Location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "asked",
    [
        {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
        {"Origin": "https://films.example", "Access-Control-Request-Method": "DELETE"},
    ],
)
def test_preflight_that_is_refused_has_the_one_shape(client: TestClient, asked: dict[str, str]) -> None:
    answer = client.options("/recommend", headers=asked)
    assert (answer.status_code, answer.json()["error"]) == (400, "BadRequestError")
    assert answer.headers["X-Correlation-ID"] == answer.json()["correlation_id"]
    assert answer.headers["X-Model-Version"] == "1"


@pytest.mark.parametrize(("origin", "status"), [("https://evil.example", 400), ("https://films.example", 200)])
def test_preflight_is_counted_and_logged(client: TestClient, origin: str, status: int) -> None:
    set_up_logs("INFO", as_json=True, stream=(log := io.StringIO()))
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST", "X-Correlation-ID": "before"}
    assert client.options("/recommend", headers=asked).status_code == status
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [(line["method"], line["path"], line["status_code"]) for line in lines if line["correlation_id"] == "before"]
    assert told == [("OPTIONS", "/recommend", status)]
    assert client.get("/metrics").json()["status_codes"][str(status)] == 1


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_is_sniffed(client: TestClient, path: str) -> None:
    assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc", "/explorer/app.js", "/explorer/style.css"])
def test_pages_have_security_headers_and_allow_nothing_inline(client: TestClient, path: str) -> None:
    headers: Any = client.get(path, headers={"Accept": "text/html"}).headers
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
