import pytest
from starlette.testclient import TestClient


def test_details_known_movie_gives_all_fields(client: TestClient) -> None:
    assert client.get("/movies/20").json() == {
        "movie_id": 20,
        "title": "Beta (1991)",
        "year": 1991,
        "genres": ["Action", "Comedy"],
        "imdb_url": None,
        "n_ratings": 0,
    }


def test_details_unknown_year_and_genres_are_null_and_empty(client: TestClient) -> None:
    body = client.get("/movies/60").json()
    assert (body["year"], body["genres"]) == (None, [])


@pytest.mark.parametrize("path", ["/movies/21", "/movies/-1", "/movies/21/similar"])
def test_movie_unknown_gives_404(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"] == "UnknownMovieError"
    assert "not in the catalog" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/movies/abc", "/movies/1.5", f"/movies/{2**63}", f"/movies/{10**400}"])
def test_movie_id_that_is_none_gives_422(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["path", "movie_id"]


def test_similar_known_movie_gives_most_similar_first(client: TestClient) -> None:
    body = client.get("/movies/20/similar?n=3").json()
    assert body["query_movie"] == {"movie_id": 20, "title": "Beta (1991)", "year": 1991}
    assert body["count"] == len(body["similar_movies"]) == 3
    similarities = [movie["similarity"] for movie in body["similar_movies"]]
    assert similarities == sorted(similarities, reverse=True)
    assert all(0 <= similarity <= 1 for similarity in similarities)
    assert body["similar_movies"][0]["movie_id"] == 30


def test_similar_movie_like_no_other_gives_empty_list(client: TestClient) -> None:
    body = client.get("/movies/60/similar").json()
    assert (body["similar_movies"], body["count"]) == ([], 0)


@pytest.mark.parametrize("n", ["0", "51", "x", ""])
def test_similar_bad_n_gives_422(client: TestClient, n: str) -> None:
    answer = client.get(f"/movies/20/similar?n={n}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "n"]


def test_search_finds_without_case_and_accents(client: TestClient) -> None:
    assert client.get("/movies/search?q=EPS").json() == [{"movie_id": 50, "title": "Épsilon (1995)", "year": 1995}]


def test_search_limit_is_kept(client: TestClient) -> None:
    assert len(client.get("/movies/search?q=a&limit=2").json()) == 2


def test_search_without_hit_gives_empty_list(client: TestClient) -> None:
    assert client.get("/movies/search?q=zzz").json() == []


@pytest.mark.parametrize("query", ["", "q=", "q=a&limit=0", "q=a&limit=51", f"q={'a' * 201}"])
def test_search_bad_query_gives_422(client: TestClient, query: str) -> None:
    assert client.get(f"/movies/search?{query}").status_code == 422


@pytest.mark.parametrize(
    ("query", "movie_ids"),
    [
        ("genres=Comedy", {20, 50}),
        ("genres=comedy&not_genres=Action", {50}),
        ("genres=Action,Drama", {10, 20, 40, 50}),
        ("genres=Action&genres=Drama", {10, 20, 40, 50}),
        ("year_from=1991&year_to=1991", {20}),
        ("exclude_movie_ids=20,50", {10, 40}),
        ("exclude_movie_ids=20&exclude_movie_ids=50", {10, 40}),
        ("candidate_movie_ids=20,999", {20}),
    ],
)
def test_similar_filter_is_obeyed(client: TestClient, query: str, movie_ids: set[int]) -> None:
    body = client.get(f"/movies/30/similar?{query}").json()
    assert {movie["movie_id"] for movie in body["similar_movies"]} == movie_ids
    assert body.get("unknown_movie_ids") == ([999] if "999" in query else None)
    assert len(client.get("/movies/30/similar").json()["similar_movies"]) == 4, "the filter is part of the cache key"


@pytest.mark.parametrize(
    "query", ["genres=Western", "year_from=x", "year_from=2000&year_to=1990", "exclude_movie_ids=a"]
)
def test_similar_wrong_filter_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/movies/30/similar?{query}").status_code == 422
