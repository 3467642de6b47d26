"""Hosts, pages of other sites, admin tokens, and the headers that protect pages: asked of real processes."""

import gzip
import http.client
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from published_models import publish
from service_process import NOBODY, TOKEN, Service, environment

from recsys.data import Dataset
from serving.shared.model_cache import ModelCache

GUESSES, N_WORKERS = 3, 2
GENRES = ("__proto__", "constructor", "hasOwnProperty")
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """An answer, with the names of its fields in lower case."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body, decoded."""
        return json.loads(self.body)


def on(connection: http.client.HTTPConnection, method: str, path: str, fields: Fields, body: bytes = b"") -> Answer:
    """Return the answer to a request that has just these fields, one by one, and the length of its body."""
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in fields:
        connection.putheader(name, value)
    if body or method == "POST":
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    reply = connection.getresponse()
    return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())


def connected(service: Service, source: str = "127.0.0.1") -> Any:
    """Return a connection, closed at the end of a ``with``; all of 127.x.y.z are addresses of this machine."""
    return closing(http.client.HTTPConnection("127.0.0.1", service.port, timeout=60, source_address=(source, 0)))


def asked(
    service: Service, method: str, path: str, *fields: tuple[str, str], host: str = "films.example", body: bytes = b""
) -> Answer:
    """Return the answer over a connection of its own."""
    with connected(service) as connection:
        return on(connection, method, path, [("Host", host), *fields], body)


def is_error(answer: Answer, status: int, name: str) -> None:
    """Check that an answer is an error in the one shape, with its id."""
    assert (answer.status, answer.json["error"]) == (status, name), answer
    assert set(answer.json) == {"error", "detail", "correlation_id"}
    assert answer.fields["x-correlation-id"] == answer.json["correlation_id"]
    assert answer.fields["x-content-type-options"] == "nosniff"


@pytest.fixture(scope="module")
def services(start_service: Any, tiny: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Service]:
    """Return a service of production that knows its names, and one of development, started at the same time."""
    cache = tmp_path_factory.mktemp("sites") / "cache"
    odd = replace(tiny, catalog=replace(tiny.catalog, genre_names=GENRES))
    publish(ModelCache(cache, "movie-recommender", "Sites"), odd)
    common = {"cache": cache, "MLFLOW_TRACKING_URI": NOBODY, "RECSYS_MODEL__POLL_SECONDS": "60"}
    started = {
        "prod": start_service(
            "Sites",
            RECSYS_API__WORKERS=str(N_WORKERS),
            RECSYS_API__ALLOWED_HOSTS="films.example,*.films.example",
            RECSYS_CORS__ORIGINS="https://shop.example",
            RECSYS_LIMITS__ADMIN_GUESSES=str(GUESSES),
            **common,
        ),
        "dev": start_service("Sites", RECSYS_ENVIRONMENT="dev", **common),
    }
    for service in started.values():
        service.wait_for_version("1")
    return started


@pytest.fixture
def prod(services: dict[str, Service]) -> Service:
    """Return the service of production."""
    return services["prod"]


LOOPBACK = ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8000", "localhost."]
FOREIGN = ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "192.0.2.1", "x"]
NAMES = [
    "films.example",
    "FILMS.example.:80",
    "www.films.example",
    "a.b.films.example",
    "192.0.2.1",
    "[2001:db8::1]:80",
]
OTHERS = ["evil.example", "films.example.evil.example", "evilfilms.example", "localhost", "example", "127.0.0.1.nip.io"]


@pytest.mark.parametrize(
    ("kind", "host", "status"),
    [
        *(("dev", host, 200) for host in LOOPBACK),
        *(("dev", host, 400) for host in FOREIGN),
        *(("prod", host, 200) for host in NAMES),
        *(("prod", host, 400) for host in OTHERS),
    ],
)
def test_service_is_addressed_by_its_own_names_only(
    services: dict[str, Service], kind: str, host: str, status: int
) -> None:
    for method, path in (("GET", "/health/live"), ("GET", "/"), ("POST", "/recommend"), ("GET", "/explorer/app.js")):
        body = b'{"user_ratings":{"10":5}}' if method == "POST" else b""
        answer = asked(services[kind], method, path, ("Content-Type", "application/json"), host=host, body=body)
        assert answer.status == status
        if status == 400:
            is_error(answer, 400, "BadRequestError")
            assert "RECSYS_API__ALLOWED_HOSTS" in answer.json["detail"]


def test_dev_page_of_a_name_that_was_led_here_reads_and_loads_no_version(services: dict[str, Service]) -> None:
    """To the browser it is a page of the same site: only the name tells."""
    for method, path in (("GET", "/versions"), ("POST", "/versions/1/load"), ("GET", "/movies/10?version=2")):
        same = ("Sec-Fetch-Site", "same-origin"), ("Origin", "http://evil.example:8000")
        is_error(asked(services["dev"], method, path, *same, host="evil.example:8000"), 400, "BadRequestError")
    assert asked(services["dev"], "GET", "/versions", host="localhost").status == 200


@pytest.mark.parametrize(
    "path", ["/health/", "/health/?a=//b", "/movies/10/", "/docs/", "/explorer", "/docs-assets", "/recommend/"]
)
@pytest.mark.parametrize("host", ["films.example", "evil.films.example:99"])
def test_redirect_names_no_host(prod: Service, path: str, host: str) -> None:
    answer = asked(prod, "POST" if path == "/recommend/" else "GET", path, host=host)
    bare, _, query = path.partition("?")
    right = bare.rstrip("/") if bare.endswith("/") else f"{bare}/"
    assert (answer.status, answer.fields["location"]) == (307, right + (f"?{query}" if query else ""))


@pytest.mark.parametrize(
    "path", ["//evil.example/", "//evil.example//", "/%2fevil.example/", "/\\evil.example/", "/%5cevil.example/"]
)
def test_no_path_makes_a_redirect_to_another_host(prod: Service, path: str) -> None:
    answer = asked(prod, "GET", path)
    location = answer.fields.get("location", "/")
    assert location.startswith("/")
    assert location[1:2] not in ("/", "\\")


CHANGING = ["/cache/clear", "/model/reload", "/versions/1/load", "/feedback"]
CLICK = b'{"model_version":1,"event":"click","movie_id":10}'
SITES: list[Fields] = [
    [("Sec-Fetch-Site", "cross-site")],
    [("Sec-Fetch-Site", "same-site")],
    [("Origin", "https://evil.example")],
    [("Origin", "null")],
    [("Origin", "http://films.example:8000")],
    [("Origin", "http://shop.example")],
    [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example")],
    [("Sec-Fetch-Site", "none"), ("Origin", "https://evil.example")],
    [("Sec-Fetch-Site", "cross-site"), ("Origin", "http://films.example")],
    [("Origin", "http://films.example"), ("Origin", "https://evil.example")],
    [("Origin", "https://shop.example"), ("Origin", "https://evil.example")],
    [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
]


@pytest.mark.parametrize("site", SITES, ids=repr)
def test_other_sites_pages_change_nothing(prod: Service, site: Fields) -> None:
    """Not even with the token, which a browser may hold for a page of the service."""
    before = prod.ask("/metrics").json["versions"][0]["events"]
    for kind in ("text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "application/json"):
        for path in CHANGING:
            answer = asked(prod, "POST", path, *site, *RIGHT.items(), ("Content-Type", kind), body=CLICK)
            is_error(answer, 403, "CrossSiteError")
    for method, path in (("GET", "/movies/10"), ("GET", "/movies/10/similar"), ("POST", "/recommend")):
        json_type = ("Content-Type", "application/json")
        body = b'{"user_ratings":{"10":5}}' if method == "POST" else b""
        answer = asked(prod, method, f"{path}?version=1", *site, *RIGHT.items(), json_type, body=body)
        is_error(answer, 403, "CrossSiteError")
    assert prod.ask("/metrics").json["versions"][0]["events"] == before


@pytest.mark.parametrize(
    "site",
    [
        [],
        [("Sec-Fetch-Site", "none")],
        [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://films.example")],
        [("Origin", "https://films.example")],
        [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://shop.example")],
    ],
    ids=repr,
)
def test_programs_own_pages_and_allowed_ones_are_answered(prod: Service, site: Fields) -> None:
    assert asked(prod, "POST", "/cache/clear", *site, *RIGHT.items()).status == 200
    click = asked(prod, "POST", "/feedback", *site, ("Content-Type", "application/json"), body=CLICK)
    assert click.status == 202


def paths_of(prod: Service, method: str) -> list[str]:
    """Return all routes of a method, from the schema, with something in the place of their parameters."""
    found = [path for path, operations in prod.ask("/openapi.json").json["paths"].items() if method in operations]
    filled = [path.replace("{movie_id}", "10").replace("{version}", "1") for path in found]
    return [{"/movies": "/movies?ids=10,20", "/movies/search": "/movies/search?q=a"}.get(path, path) for path in filled]


PAGES = ["/docs", "/redoc", "/openapi.json", "/explorer/app.js", "/explorer/style.css", "/docs-assets/swagger-ui.css"]
LOST = [
    "/nowhere",
    "/movies/99",
    "/movies/x",
    "/explorer/nothing.js",
    "/docs-assets/nothing.css",
    "/recommend",
    "/health/",
]
VOLATILE = {"date", "x-correlation-id"}


def test_head_is_answered_as_get_on_every_route_and_leaves_no_body(prod: Service) -> None:
    gets = paths_of(prod, "get")
    assert len(gets) > 10
    for path in [*gets, *PAGES, *LOST]:
        for accept in ("*/*", "text/html", "text/plain"):
            fields = [("Host", "films.example"), ("Accept", accept), *RIGHT.items()]
            with connected(prod) as connection:
                # What the first answer had too much would be taken for the beginning of the second.
                by_head, by_get = (on(connection, method, path, fields) for method in ("HEAD", "GET"))
            assert by_head.status == by_get.status, path
            assert by_head.body == b""
            # These tell the time that has passed.
            volatile = VOLATILE | ({"content-length"} if path in ("/metrics", "/health") else set())
            told = [
                {name: value for name, value in one.fields.items() if name not in volatile} for one in (by_head, by_get)
            ]
            assert told[0] == told[1], path


def test_pages_and_errors_have_their_headers(prod: Service) -> None:
    html = ("Accept", "text/html")
    for path in ["/", *PAGES, *LOST, *paths_of(prod, "get")]:
        answer = asked(prod, "GET", path, html)
        assert answer.fields["x-content-type-options"] == "nosniff", path
        assert answer.fields["x-model-version"] == "1"
        if "html" in answer.fields.get("content-type", "") or path.startswith("/explorer/app"):
            policy = answer.fields["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            assert answer.fields["x-frame-options"] == "SAMEORIGIN"
            assert answer.fields["referrer-policy"] == "no-referrer"
    json_type = ("Content-Type", "application/json")
    is_error(asked(prod, "GET", "/movies/99", html), 404, "UnknownMovieError")
    is_error(asked(prod, "GET", "/nowhere", html), 404, "NotFoundError")
    is_error(asked(prod, "GET", "/explorer/nothing.js", html), 404, "NotFoundError")
    is_error(asked(prod, "DELETE", "/health", html), 405, "MethodNotAllowedError")
    is_error(asked(prod, "GET", "/movies/x", html), 422, "ValidationError")
    is_error(asked(prod, "POST", "/recommend", html, json_type, body=b" " * 300_000), 413, "RequestTooLargeError")
    is_error(
        asked(prod, "GET", "/explorer/app.js", html, ("Range", "bytes=99999999-")), 416, "RangeNotSatisfiableError"
    )
    is_error(asked(prod, "GET", "/versions", html), 401, "AdminTokenError")


def test_encoded_body_is_415_on_every_post_route(prod: Service) -> None:
    posts = paths_of(prod, "post")
    assert set(posts) == {"/recommend", "/invocations", *CHANGING}
    body = gzip.compress(b'{"user_ratings":{"10":5}}')
    for path in posts:
        for encoding in ("gzip", "br", "identity, gzip", "x"):
            fields = ("Content-Encoding", encoding), ("Content-Type", "application/json")
            is_error(asked(prod, "POST", path, *fields, body=body), 415, "UnsupportedEncodingError")
        if path != "/invocations":
            fields = (("Content-Type", "application/json; charset=latin-1"),)
            is_error(asked(prod, "POST", path, *fields, body=b"{}"), 415, "UnsupportedEncodingError")


def test_genres_named_as_what_objects_of_javascript_have_are_genres(prod: Service) -> None:
    assert prod.ask("/model").json["genres"] == sorted(GENRES)
    for genre, movie_ids in {"__proto__": {20}, "constructor": {20, 30, 50}, "hasOwnProperty": {40, 50}}.items():
        asked_for = {"user_ratings": {"10": 5}, "filter": {"genres": [genre]}}
        found = prod.ask("/recommend", asked_for).json["recommendations"]
        assert {movie["movie_id"] for movie in found} == movie_ids
        alike = prod.ask(f"/movies/10/similar?genres={genre}").json["similar_movies"]
        assert {movie["movie_id"] for movie in alike} <= movie_ids
    assert prod.ask("/movies/20").json["genres"] == ["__proto__", "constructor"]


def test_guesses_are_slowed_down_in_each_worker_and_the_address_that_guesses_only(prod: Service) -> None:
    guesser, other = "127.0.0.3", "127.0.0.4"
    wrong = [("Host", "films.example"), ("Authorization", "Bearer a-token-of-the-guesser"), ("X-Forwarded-For", other)]
    statuses = []
    for path in ["/cache/clear", "/model/reload", "/versions/1/load"] * 20:
        with connected(prod, guesser) as connection:
            statuses.append(on(connection, "POST", path, wrong).status)
    assert set(statuses) == {401, 429}
    assert statuses.count(401) <= GUESSES * N_WORKERS
    right = [("Host", "films.example"), *RIGHT.items()]
    with connected(prod, guesser) as connection:
        for _ in range(GUESSES + 1):
            refused = on(connection, "POST", "/cache/clear", wrong)
        is_error(refused, 429, "TooManyRequestsError")
        assert 0 < int(refused.fields["retry-after"]) <= 60
        is_error(on(connection, "POST", "/cache/clear", right), 429, "TooManyRequestsError")
    for _ in range(10):
        with connected(prod, other) as connection:
            assert on(connection, "POST", "/cache/clear", right).status == 200


@pytest.mark.parametrize("token", ["x", "aaaaaaaa", "changeme1"])
def test_token_that_is_guessed_ends_the_start_with_one_sentence(token: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "serving"],
        cwd=tmp_path,
        env=environment(RECSYS_API__ADMIN_TOKEN=token, MLFLOW_TRACKING_URI=NOBODY),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("error: RECSYS_API__ADMIN_TOKEN: a token ")
    assert sentence.endswith("; openssl rand -hex 24 makes one")
    assert len(token) == 1 or token not in sentence
