import json

import pytest
from starlette.testclient import TestClient

from serving.worker.http.middleware import MAX_BODY_BYTES


def test_recommend_liked_movie_gives_personal_list(client: TestClient) -> None:
    answer = client.post("/recommend", json={"user_ratings": {"20": 5, "40": 1}, "n": 2})
    body = answer.json()
    assert answer.status_code == 200
    assert body["strategy"] == "personal"
    assert body["count"] == len(body["recommendations"]) == 2
    # 20 is Action|Comedy of 1991: 30, a comedy of the same year, is nearest; 40 is rated and may not come back.
    assert body["recommendations"][0]["movie_id"] == 30
    assert body["recommendations"][0]["because"] == [20]
    assert body["unknown_movie_ids"] == []


def test_recommend_fields_are_those_of_the_contract(client: TestClient) -> None:
    body = client.post("/recommend", json={"user_ratings": {"20": 5}}).json()
    assert set(body) == {"recommendations", "count", "strategy", "unknown_movie_ids"}
    for movie in body["recommendations"]:
        assert set(movie) == {"movie_id", "title", "year", "predicted_score", "because", "because_shares"}


def test_recommend_shares_are_parts_of_what_liked_movies_say(client: TestClient) -> None:
    body = client.post("/recommend", json={"user_ratings": {"20": 5, "10": 5}}).json()
    for movie in body["recommendations"]:
        assert len(movie["because_shares"]) == len(movie["because"])
        assert sum(movie["because_shares"]) == pytest.approx(1 if movie["because"] else 0, abs=0.002)
        assert movie["because_shares"] == sorted(movie["because_shares"], reverse=True)


def test_recommend_disliked_movie_is_named_as_despite_and_never_as_because(client: TestClient) -> None:
    # 30 is a comedy of 1991 as 20 is; 10, of the year before, shares half of 20's genres.
    liked = client.post("/recommend", json={"user_ratings": {"20": 5}, "n": 1}).json()["recommendations"]
    assert "despite" not in liked[0]
    mixed = client.post("/recommend", json={"user_ratings": {"20": 5, "10": 0.5}}).json()["recommendations"]
    by_id = {movie["movie_id"]: movie for movie in mixed}
    assert by_id[30]["because"] == [20]
    assert by_id[30]["despite"] == 10
    assert by_id[30]["predicted_score"] < liked[0]["predicted_score"]


def test_recommend_popular_scores_are_shares_of_users(client: TestClient) -> None:
    movies = client.post("/recommend", json={"user_ratings": {}, "n": 50}).json()["recommendations"]
    # Four users; 10 and 30 have three ratings each, 40 and 50 two.
    assert [(movie["movie_id"], movie["predicted_score"]) for movie in movies[:4]] == [
        *((10, 0.75), (30, 0.75)),
        *((40, 0.5), (50, 0.5)),
    ]
    assert all(movie["because"] == movie["because_shares"] == [] for movie in movies)


def test_recommend_filter_is_obeyed_and_unknown_candidates_are_named(client: TestClient) -> None:
    question = {"user_ratings": {"20": 5}, "filter": {"genres": ["Comedy"], "candidate_movie_ids": [50, 30, 10, 77]}}
    body = client.post("/recommend", json=question).json()
    assert [movie["movie_id"] for movie in body["recommendations"]] == [30, 50]
    assert body["unknown_movie_ids"] == [77]
    popular = client.post("/recommend", json={**question, "user_ratings": {}}).json()
    assert popular["strategy"] == "popular"
    assert [movie["movie_id"] for movie in popular["recommendations"]] == [30, 50]


def test_recommend_filter_is_part_of_the_cache_key(client: TestClient) -> None:
    plain = client.post("/recommend", json={"user_ratings": {"20": 5}}).json()
    kept_out = {"user_ratings": {"20": 5}, "filter": {"exclude_movie_ids": [30]}}
    assert 30 in [movie["movie_id"] for movie in plain["recommendations"]]
    for _ in range(2):
        filtered = client.post("/recommend", json=kept_out).json()
        assert 30 not in [movie["movie_id"] for movie in filtered["recommendations"]]
    assert client.post("/recommend", json={"user_ratings": {"20": 5}}).json() == plain


def test_recommend_unknown_genre_is_refused_with_those_there_are(client: TestClient) -> None:
    answer = client.post("/recommend", json={"user_ratings": {}, "filter": {"not_genres": ["Western"]}})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "there is no genre 'Western'; the genres are Action, Comedy, Drama"
    assert client.get("/model").json()["genres"] == ["Action", "Comedy", "Drama"]
    assert client.get("/model").json()["years"] == [1970, 1995]


def test_recommend_new_movie_takes_the_last_place(client: TestClient) -> None:
    # Nobody has rated 20, an action comedy of 1991; 60 is known by nothing.
    body = client.post("/recommend", json={"user_ratings": {"10": 5, "30": 5}, "n": 2, "new": 2}).json()
    assert body["new_movie_ids"] == [20]
    assert body["recommendations"][-1]["movie_id"] == 20
    assert body["count"] == 2
    assert client.post("/recommend", json={"user_ratings": {}, "n": 1, "new": 2}).status_code == 422


def test_recommend_nothing_liked_gives_popular_list(client: TestClient) -> None:
    body = client.post("/recommend", json={"user_ratings": {"10": 1}, "n": 50}).json()
    assert body["strategy"] == "popular"
    # Ratings: 30 has three, 40 and 50 two each, 20 and 60 none; ties by id.
    assert [movie["movie_id"] for movie in body["recommendations"]] == [30, 40, 50, 20, 60]
    assert all(movie["because"] == [] for movie in body["recommendations"])


def test_recommend_no_ratings_gives_popular_list(client: TestClient) -> None:
    assert client.post("/recommend", json={"user_ratings": {}}).json()["strategy"] == "popular"


def test_recommend_unknown_movies_are_named(client: TestClient) -> None:
    body = client.post("/recommend", json={"user_ratings": {"999": 5, "7": 4}}).json()
    assert body["strategy"] == "popular"
    assert body["unknown_movie_ids"] == [7, 999]


def test_recommend_unknown_year_is_null(client: TestClient) -> None:
    movies = client.post("/recommend", json={"user_ratings": {}, "n": 50}).json()["recommendations"]
    assert {movie["movie_id"]: movie["year"] for movie in movies}[60] is None


def test_recommend_diversity_keeps_the_best_first(client: TestClient) -> None:
    plain = client.post("/recommend", json={"user_ratings": {"20": 5}, "n": 3}).json()["recommendations"]
    diverse = client.post("/recommend", json={"user_ratings": {"20": 5}, "n": 3, "diversity": 1}).json()
    assert diverse["recommendations"][0]["movie_id"] == plain[0]["movie_id"]
    assert len(diverse["recommendations"]) == 3


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({}, ["body", "user_ratings"]),
        ({"user_ratings": {"1": 5}, "n": 0}, ["body", "n"]),
        ({"user_ratings": {"1": 5}, "n": 51}, ["body", "n"]),
        ({"user_ratings": {"1": 5}, "n": "many"}, ["body", "n"]),
        ({"user_ratings": {"1": 5.5}}, ["body", "user_ratings", "1"]),
        ({"user_ratings": {"1": 0}}, ["body", "user_ratings", "1"]),
        ({"user_ratings": {"1": True}}, ["body", "user_ratings", "1"]),
        ({"user_ratings": {"1": "5"}}, ["body", "user_ratings", "1"]),
        ({"user_ratings": {"one": 5}}, ["body", "user_ratings", "one", "[key]"]),
        ({"user_ratings": {str(2**70): 5}}, ["body", "user_ratings", str(2**70), "[key]"]),
        ({"user_ratings": [1, 2]}, ["body", "user_ratings"]),
        ({"user_ratings": {str(i): 5 for i in range(1001)}}, ["body", "user_ratings"]),
        ({"user_ratings": {"1": 5}, "min_rating": 6}, ["body", "min_rating"]),
        ({"user_ratings": {"1": 5}, "diversity": 1.5}, ["body", "diversity"]),
        ({"user_ratings": {"1": 5}, "minrating": 3}, ["body", "minrating"]),
        ({"user_ratings": {"1": 5}, "recency": 2.1}, ["body", "recency"]),
        ({"user_ratings": {"1": 5}, "new": -1}, ["body", "new"]),
        ({"user_ratings": {"1": 5}, "filter": {"genre": ["Comedy"]}}, ["body", "filter", "genre"]),
        ({"user_ratings": {"1": 5}, "filter": {"year_from": "then"}}, ["body", "filter", "year_from"]),
        ({"user_ratings": {}, "filter": {"year_from": 2000, "year_to": 1990}}, ["body", "filter"]),
        (
            {"user_ratings": {}, "filter": {"exclude_movie_ids": [*range(1001)]}},
            ["body", "filter", "exclude_movie_ids"],
        ),
    ],
)
def test_recommend_bad_input_names_the_field(client: TestClient, question: object, field: list[str]) -> None:
    answer = client.post("/recommend", json=question)
    body = answer.json()
    assert answer.status_code == 422
    assert body["error"] == "ValidationError"
    assert field in [complaint["loc"] for complaint in body["detail"]]
    assert body["correlation_id"] == answer.headers["X-Correlation-ID"]


@pytest.mark.parametrize("content", [b"{", b"", b"null", b"[]", b'{"user_ratings": {"1": NaN}}', b"\xff\xfe"])
def test_recommend_not_json_is_refused(client: TestClient, content: bytes) -> None:
    answer = client.post("/recommend", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert set(answer.json()) == {"error", "detail", "correlation_id"}


def test_recommend_1000_ratings_are_answered(client: TestClient) -> None:
    ratings = {str(i): 4.5 for i in range(1, 1001)}
    assert client.post("/recommend", json={"user_ratings": ratings}).status_code == 200


def test_recommend_large_body_is_refused(client: TestClient) -> None:
    answer = client.post("/recommend", content=b" " * (MAX_BODY_BYTES + 1))
    assert answer.status_code == 413
    assert answer.json()["error"] == "RequestTooLargeError"


def test_recommend_large_body_of_unknown_length_is_refused(client: TestClient) -> None:
    pieces = [b" " * 65536] * 5
    answer = client.post("/recommend", content=iter(pieces), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert client.get("/metrics").json()["errors_by_type"] == {"RequestTooLargeError": 1}


def test_recommend_body_within_the_limit_in_pieces_is_answered(client: TestClient) -> None:
    content = json.dumps({"user_ratings": {"20": 5}}).encode()
    pieces = [content[:7], content[7:]]
    answer = client.post("/recommend", content=iter(pieces), headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b'{"user_ratings": {"20": 5, "40": 3.5}, "n": 3, "min_rating": 4}',
        b'{"user_ratings": {"20": 5, "20": 1}}',
        b'{"user_ratings": {" 20": 5, "20": 1, "+30": 2}}',
        b'{"user_ratings": {"20.0": 5}}',
        b'{"user_ratings": {"2_0": 5}}',
        b'{"user_ratings": {"20": 5}, "n": 3.0}',
        b'{"user_ratings": {"20": 5}, "n": "3"}',
        b'{"user_ratings": {"20": 5}, "n": true}',
        b'{"user_ratings": {"20": 5}, "n": null}',
        b'{"user_ratings": {"20": 50e-1}, "diversity": 0}',
        b'{"user_ratings": {"20": 5, "40": 1}, "min_rating": null, "recency": 0.5, "new": 1, "n": 2}',
        b'{"user_ratings": {"20": 5}, "filter": {"genres": ["comedy"], "candidate_movie_ids": [30, 77]}}',
        b'{"user_ratings": {"20": 5}, "filter": {"genres": ["Western"]}}',
        b'{"user_ratings": {"20": 5}, "n": 1, "new": 2}',
        b'{"user_ratings": {"20": 1e400}}',
        b'{"user_ratings": {"20": NaN}}',
        b'{"user_ratings": {"": 5}}',
        b'{"user_ratings": {}} ',
        b'{"user_ratings": {}} x',
        b'\xef\xbb\xbf{"user_ratings": {}}',
        '{"user_ratings": {"20": 5}}'.encode("utf-16"),
    ],
)
def test_recommend_short_way_answers_as_the_long_one(client: TestClient, content: bytes) -> None:
    json_type = {"Content-Type": "application/json", "X-Correlation-ID": "same"}
    short = client.post("/recommend", content=content, headers=json_type)
    long = client.post("/recommend?long=1", content=content, headers=json_type)
    assert (short.status_code, short.json()) == (long.status_code, long.json())


@pytest.mark.parametrize("query", ["n=0", "n=00", "n=1", "n=050", "n=51", "n=999", "n=1&n=2", "n=+1", "n=", "n=x"])
@pytest.mark.parametrize("movie_id", ["20", "020", "-20", "21", "9" * 18, "9" * 19])
def test_similar_short_way_answers_as_the_long_one(client: TestClient, query: str, movie_id: str) -> None:
    same = {"X-Correlation-ID": "same"}
    short = client.get(f"/movies/{movie_id}/similar?{query}", headers=same)
    long = client.get(f"/movies/{movie_id}/similar?{query}&long=1", headers=same)
    assert (short.status_code, short.json()) == (long.status_code, long.json())


@pytest.mark.parametrize("value", [False, True, 1.5, 20.0, "20", None, [20]])
@pytest.mark.parametrize("field", ["exclude_movie_ids", "candidate_movie_ids"])
def test_recommend_id_that_is_no_whole_number_is_wrong(client: TestClient, field: str, value: object) -> None:
    for ratings in ({"20": 5}, {}):
        answer = client.post("/recommend", json={"user_ratings": ratings, "filter": {field: [30, value]}})
        assert answer.status_code == 422
        (problem,) = answer.json()["detail"]
        assert problem["loc"] == ["body", "filter", field, 1]
        assert "valid integer" in problem["msg"]


@pytest.mark.parametrize("value", [False, 1.5, 3.0, "3"])
@pytest.mark.parametrize("field", ["n", "new", "year_from", "year_to"])
def test_recommend_number_that_is_no_whole_one_is_wrong(client: TestClient, field: str, value: object) -> None:
    extra = {"filter": {field: value}} if field.startswith("year") else {field: value}
    answer = client.post("/recommend", json={"user_ratings": {"20": 5}, **extra})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][-1] == field


@pytest.mark.parametrize("key", ["1.5", "true", "", "1e3", "NaN", "0x10"])
def test_recommend_rated_id_that_is_no_whole_number_is_wrong(client: TestClient, key: str) -> None:
    assert client.post("/recommend", json={"user_ratings": {key: 5}}).status_code == 422
