"""``GET /model``, ``GET /versions``, ``?version=``: in an app, with files as the parent process would write them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from published_models import store
from starlette.testclient import TestClient

from recsys.data import Dataset
from recsys.setting_groups import ApiSettings
from recsys.settings import Settings
from serving.shared.comparison_files import ComparisonFiles, ComparisonVersion
from serving.shared.model_cache import ModelCache
from serving.shared.version_list import (
    ListedVersion,
    VersionList,
    address_of_run,
    read_version_list,
    write_version_list,
)
from serving.worker.app import create_app

QUESTION = {"user_ratings": {"10": 5}, "n": 5}
TOKEN = {"Authorization": "Bearer a-token-of-the-tests"}


def listed(version: int, *aliases: str) -> ListedVersion:
    return ListedVersion(
        version=version,
        aliases=aliases,
        run_id=f"run-{version}",
        method="content-cosine",
        dataset="tiny",
        dataset_digest="0123456789abcdef",
        metrics={"ndcg_at_10": 0.25},
        created="2026-01-02T03:04:05Z",
        split="random, 25% held out, seed 42",
    )


LIST = VersionList("2026-01-02T03:04:06Z", (listed(3), listed(2, "Challenger"), listed(1, "Production")))


@pytest.fixture
def extra(model_cache: ModelCache) -> ComparisonFiles:
    """Return the files of the extra versions, with a list of three versions."""
    files = ComparisonFiles(model_cache)
    write_version_list(files.list, LIST)
    return files


@pytest.fixture
def make_ready(model_cache: ModelCache, extra: ComparisonFiles, tiny: Dataset) -> Callable[[int, str], None]:
    """Return a function that does what the parent does for a version that is wanted."""

    def fetch_version(version: int, method: str) -> None:
        extra.put(version, ComparisonVersion(store(model_cache, tiny, version, method)))

    return fetch_version


@pytest.fixture
def prod_client(settings: Settings, publish: Callable[..., object]) -> Iterator[TestClient]:
    """Return a client of an app in production."""
    publish(1)
    app = create_app(settings.model_copy(update={"environment": "prod"}))
    with TestClient(app, raise_server_exceptions=False) as connected:
        yield connected


def test_model_tells_what_answers(client: TestClient, extra: ComparisonFiles) -> None:
    body = client.get("/model").json()
    assert (body["name"], body["version"], body["method"]) == ("movie-recommender", "1", "content-cosine")
    assert body["metrics"] == {"ndcg_at_10": 0.25}
    assert body["created"] == "2026-01-02T03:04:05Z"
    assert body["dataset"]["n_ratings"] == 10
    assert body["comparing"] == "open"


def test_model_before_the_registry_was_reached_has_no_metrics(client: TestClient) -> None:
    body = client.get("/model").json()
    assert (body["metrics"], body["created"], body["version"]) == ({}, None, "1")


def test_model_without_a_model_is_503(empty_client: TestClient) -> None:
    assert empty_client.get("/model").status_code == 503


def test_versions_lists_them_with_their_state(client: TestClient, extra: ComparisonFiles) -> None:
    extra.put(3, ComparisonVersion(None, "altered"))
    extra.want(2)
    body = client.get("/versions").json()
    assert body["served"] == "1"
    assert [(found["version"], found["state"]) for found in body["versions"]] == [
        ("3", "refused"),
        ("2", "loading"),
        ("1", "served"),
    ]
    assert body["versions"][0]["problem"] == "altered"
    assert body["versions"][1]["aliases"] == ["Challenger"]


def test_load_says_how_far_it_is(
    client: TestClient, extra: ComparisonFiles, make_ready: Callable[[int, str], None]
) -> None:
    answer = client.post("/versions/2/load")
    assert (answer.status_code, answer.json()["state"]) == (202, "loading")
    assert extra.wanted() == [2]
    make_ready(2, "content-jaccard")
    answer = client.post("/versions/2/load")
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")
    assert client.post("/versions/1/load").json()["state"] == "served"
    assert extra.wanted() == [2], "the served version is not held a second time"


def test_version_is_answered_by_that_version(
    client: TestClient, extra: ComparisonFiles, make_ready: Callable[[int, str], None]
) -> None:
    make_ready(2, "content-jaccard")
    other = client.get("/movies/30/similar?version=2")
    assert other.headers["x-model-version"] == "2"
    served = client.get("/movies/30/similar")
    assert served.headers["x-model-version"] == "1"
    assert other.json() != served.json()
    assert client.get("/movies/30?version=2").headers["x-model-version"] == "2"
    assert client.post("/recommend?version=2", json=QUESTION).headers["x-model-version"] == "2"
    assert client.get("/movies/30/similar?version=1").json() == served.json()


def test_version_answers_are_not_kept_in_the_cache_of_answers(
    client: TestClient, extra: ComparisonFiles, make_ready: Callable[[int, str], None]
) -> None:
    make_ready(2, "content-jaccard")
    client.post("/recommend?version=2", json=QUESTION)
    client.get("/movies/30/similar?version=2")
    assert client.get("/health").json()["cache_size"] == 0


def test_version_that_is_not_at_hand_is_503_and_asked_for(client: TestClient, extra: ComparisonFiles) -> None:
    answer = client.get("/movies/30/similar?version=2")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["error"] == "VersionLoadingError"
    assert answer.headers["x-model-version"] == "1"
    assert extra.wanted() == [2]
    assert client.get("/movies/30/similar").status_code == 200


def test_version_that_was_refused_says_why(client: TestClient, extra: ComparisonFiles) -> None:
    extra.put(2, ComparisonVersion(None, "the artifacts of version 2 have been altered"))
    answer = client.post("/recommend?version=2", json=QUESTION)
    assert (answer.status_code, answer.json()["error"]) == (503, "ArtifactError")
    assert "altered" in answer.json()["detail"]


def test_version_that_is_not_registered_is_404(client: TestClient, extra: ComparisonFiles) -> None:
    answer = client.get("/movies/30?version=9")
    assert (answer.status_code, answer.json()["error"]) == (404, "UnknownVersionError")
    assert client.post("/versions/9/load").status_code == 404
    assert extra.wanted() == []


def test_version_before_the_registry_was_reached_is_503(client: TestClient) -> None:
    answer = client.get("/movies/30?version=2")
    assert (answer.status_code, answer.json()["error"]) == (503, "RegistryError")


@pytest.mark.parametrize("version", ["0", "-1", "two", "1.5", str(2**31)])
def test_version_that_is_no_number_is_422(client: TestClient, version: str) -> None:
    assert client.get(f"/movies/30?version={version}").json()["detail"][0]["loc"] == ["query", "version"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/versions", None),
        ("POST", "/versions/2/load", None),
        ("GET", "/movies/30?version=1", None),
        ("GET", "/movies/30/similar?version=1", None),
        ("POST", "/recommend?version=1", QUESTION),
    ],
)
def test_versions_in_production_need_the_token(
    prod_client: TestClient, extra: ComparisonFiles, method: str, path: str, body: object
) -> None:
    assert prod_client.request(method, path, json=body).status_code == 401
    assert prod_client.request(method, path, json=body, headers={"Authorization": "Bearer x"}).status_code == 401
    assert prod_client.request(method, path, json=body, headers=TOKEN).status_code in (200, 202)
    assert prod_client.get("/model").json()["comparing"] == "token"


def test_versions_in_production_without_a_token_are_closed(settings: Settings, extra: ComparisonFiles) -> None:
    closed = settings.model_copy(update={"environment": "prod", "api": ApiSettings()})
    client = TestClient(create_app(closed))
    assert client.get("/versions").status_code == 403
    assert client.get("/movies/30?version=1").status_code == 403


def test_versions_are_documented(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/model", "/versions", "/versions/{version}/load", "/movies"} <= set(paths)
    for route in (
        paths["/recommend"]["post"],
        paths["/movies/{movie_id}"]["get"],
        paths["/movies/{movie_id}/similar"]["get"],
    ):
        version = next(found for found in route["parameters"] if found["name"] == "version")
        assert "503" in version["description"]
        assert {"401", "403", "503"} <= set(route["responses"])
        assert "security" not in route, "the token is needed for ?version= only, which its description says"


def test_several_movies_come_in_the_order_asked_for(client: TestClient) -> None:
    body = client.get("/movies?ids=50,10,99").json()
    assert [movie["movie_id"] for movie in body["movies"]] == [50, 10]
    assert body["movies"][1] == client.get("/movies/10").json()
    assert body["movies"][1]["n_ratings"] == 3
    assert body["unknown_movie_ids"] == [99]


@pytest.mark.parametrize("ids", ["", "a", "1,,2", "1;2", "1e3", ",".join(map(str, range(201))), "9" * 19])
def test_several_movies_bad_ids_are_422(client: TestClient, ids: str) -> None:
    assert client.get("/movies", params={"ids": ids}).status_code == 422


def test_comparison_models_hold_two_at_most(
    client: TestClient, extra: ComparisonFiles, make_ready: Callable[[int, str], None]
) -> None:
    write_version_list(extra.list, replace(LIST, versions=(listed(4), *LIST.versions)))
    for version in (2, 3, 4):
        make_ready(version, "content-jaccard")
        assert client.get(f"/movies/30?version={version}").headers["x-model-version"] == str(version)
    held = client.app.state.services.comparisons._held  # type: ignore[attr-defined]
    assert [model.version for model in held.values()] == ["3", "4"]


def test_version_list_is_read_as_written(tmp_path: Path) -> None:
    write_version_list(tmp_path / "versions.json", LIST)
    assert read_version_list(tmp_path / "versions.json") == LIST


def test_version_list_that_cannot_be_read_is_empty(tmp_path: Path) -> None:
    assert read_version_list(tmp_path / "versions.json") == VersionList()
    (tmp_path / "versions.json").write_text('{"versions": [{"version": 1}]}')
    assert read_version_list(tmp_path / "versions.json") == VersionList()


@pytest.mark.parametrize(
    ("tracking_uri", "expected"),
    [
        ("sqlite:///mlflow.db", None),
        ("file:///runs", None),
        ("http://mlflow:5000", "http://mlflow:5000/#/runs/abc"),
        ("https://someone:secret@films.example/mlflow/", "https://films.example/mlflow/#/runs/abc"),
    ],
)
def test_address_of_run_is_for_servers_and_without_passwords(tracking_uri: str, expected: str | None) -> None:
    assert address_of_run(tracking_uri, "abc") == expected


def test_model_names_what_a_filter_takes(client: TestClient) -> None:
    body = client.get("/model").json()
    assert body["genres"] == ["Action", "Comedy", "Drama"]
    assert body["years"][0] <= body["years"][1]
