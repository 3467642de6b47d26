"""Movies that may not be shown: on no route, in no version, as soon as their file says so."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from recsys.errors import DataError
from recsys.setting_groups import RecommendSettings
from recsys.settings import Settings
from serving.worker.app import create_app
from serving.worker.hidden_movies import HiddenMovies


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """Return the file of hidden movies, which hides 30."""
    path = tmp_path / "hidden.txt"
    path.write_text("# license ended\n30  # Gamma\n\n")
    return path


@pytest.fixture
def hiding(settings: Settings, hidden: Path, publish) -> Iterator[TestClient]:
    """Return a client of an app that hides what the file says."""
    publish(1)
    changed = settings.model_copy(update={"recommend": RecommendSettings(hidden=hidden)})
    with TestClient(create_app(changed), raise_server_exceptions=False) as connected:
        yield connected


def shown(client: TestClient) -> set[int]:
    """Return all movies that the routes show."""
    found = set()
    for question in ({"user_ratings": {"20": 5}}, {"user_ratings": {}}, {"user_ratings": {"30": 5, "20": 5}}):
        for movie in client.post("/recommend", json={**question, "n": 50}).json()["recommendations"]:
            found |= {movie["movie_id"], *movie["because"]}
    for movie_id in (10, 50):
        found |= {
            movie["movie_id"] for movie in client.get(f"/movies/{movie_id}/similar").json().get("similar_movies", [])
        }
    found |= {movie["movie_id"] for movie in client.get("/movies?ids=10,20,30,40,50,60").json()["movies"]}
    for query in ("gamma", "a"):
        found |= {movie["movie_id"] for movie in client.get(f"/movies/search?q={query}").json()}
    found |= {movie for movie in (30, 40) if client.get(f"/movies/{movie}").status_code == 200}
    found |= {movie for movie in (30, 40) if client.get(f"/movies/{movie}/similar").status_code == 200}
    return found


def wait_until_shown(client: TestClient, expected: set[int]) -> None:
    """Wait until the routes show just these movies."""
    end = time.monotonic() + 600
    while (found := shown(client)) != expected:
        assert time.monotonic() < end, found
        time.sleep(0.1)


def test_hidden_movie_is_shown_on_no_route(hiding: TestClient) -> None:
    assert shown(hiding) == {10, 20, 40, 50, 60}
    assert hiding.get("/movies?ids=10,30").json()["unknown_movie_ids"] == [30]
    assert hiding.get("/movies/30").json()["error"] == "UnknownMovieError"


def test_hidden_file_is_read_again_when_it_changes(hiding: TestClient, hidden: Path) -> None:
    hidden.write_text("10\n50")
    wait_until_shown(hiding, {20, 30, 40, 60})
    hidden.write_text("")
    wait_until_shown(hiding, {10, 20, 30, 40, 50, 60})


def test_hidden_movie_of_the_history_still_speaks(hiding: TestClient, client: TestClient) -> None:
    question = {"user_ratings": {"30": 5}, "n": 1}
    with_reason = client.post("/recommend", json=question).json()["recommendations"][0]
    without = hiding.post("/recommend", json=question).json()["recommendations"][0]
    assert with_reason["because"] == [30]
    assert without == {**with_reason, "because": [], "because_shares": []}


def test_hidden_stays_hidden_in_the_next_version(hiding: TestClient, publish) -> None:
    publish(2, "item-knn")
    end = time.monotonic() + 600
    while hiding.get("/health").json()["model_version"] != "2":
        assert time.monotonic() < end
        time.sleep(0.1)
    assert 30 not in shown(hiding)


def test_hidden_file_that_goes_wrong_leaves_all_hidden(hidden: Path) -> None:
    movies = HiddenMovies(hidden)
    for text in ("thirty", "30.5", str(2**63)):
        hidden.write_text(text)
        assert not movies.refresh()
        assert movies.ids == {30}
    hidden.unlink()
    assert not movies.refresh()
    assert movies.ids == {30}
    hidden.write_text("30\n40")
    assert movies.refresh()
    assert movies.ids == {30, 40}
    assert not movies.refresh()


def test_hidden_file_missing_from_the_start_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file of hidden movies"):
        HiddenMovies(tmp_path / "none.txt")


def test_hidden_file_wrong_when_a_worker_is_replaced_hides_what_was_hidden(hidden: Path, tmp_path: Path) -> None:
    kept = tmp_path / "cache" / "hidden.json"
    movies = HiddenMovies(hidden, kept)
    hidden.write_text("30\n40")
    assert movies.refresh()
    hidden.write_text("forty")
    assert HiddenMovies(hidden, kept).ids == {30, 40}


def test_hidden_file_with_a_wrong_line_names_it(hidden: Path) -> None:
    hidden.write_text("30\nforty\n")
    with pytest.raises(DataError, match=r"line 2: this is not a movie id; .* \(found 'forty'\)"):
        HiddenMovies(hidden)
