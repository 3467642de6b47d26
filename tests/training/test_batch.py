"""Lists for a file of histories, from the command line."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from published_models import save_artifacts

from recsys.data import Dataset
from recsys.storage import LOGGED_FOLDER, load_model
from training.cli import main

Lists = Callable[..., dict[int, list[int]]]


@pytest.fixture
def lists(tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lists:
    """Return a function that runs the command with more flags, and returns the movies of each user."""
    save_artifacts(tiny, tmp_path / "version", "hybrid")
    monkeypatch.setattr("training.batch.fetch_version", lambda *_: tmp_path / "version")
    (tmp_path / "history.csv").write_text("user_id,movie_id,rating\n1,10,5\n1,50,1\n2,30,4\n3,40,1\n")

    def run(*flags: str) -> dict[int, list[int]]:
        out = tmp_path / "lists.csv"
        assert main(["recommend", "--history", str(tmp_path / "history.csv"), "--out", str(out), *flags]) == 0
        written = pd.read_csv(out)
        return {int(user): group["movie_id"].tolist() for user, group in written.groupby("user_id")}

    return run


@pytest.mark.parametrize(
    ("flags", "options"),
    [
        ((), {}),
        (("--min-rating", "3.5"), {"min_rating": 3.5}),
        (("--n", "2", "--diversity", "0.5"), {"n": 2, "diversity": 0.5}),
        (("--recency", "1"), {"recency": 1.0}),
        (("--n", "3", "--new", "1"), {"n": 3, "new": 1}),
        (
            ("--genres", "comedy,Drama", "--year-from", "1990"),
            {"filter": {"genres": ["Comedy", "Drama"], "year_from": 1990}},
        ),
        (("--not-genres=Action", "--year-to=1991"), {"filter": {"not_genres": ["Action"], "year_to": 1991}}),
        (("--exclude-movie-ids", "30, 20"), {"filter": {"exclude_movie_ids": [20, 30]}}),
        (("--candidate_movie_ids", "30,20,999"), {"filter": {"candidate_movie_ids": [20, 30]}}),
    ],
)
def test_recommend_command_gives_what_the_model_gives(
    lists: Lists, tmp_path: Path, flags: tuple[str, ...], options: dict[str, object]
) -> None:
    model, _ = load_model(tmp_path / "version" / LOGGED_FOLDER)
    histories = {1: {10: 5, 50: 1}, 2: {30: 4}, 3: {40: 1}}
    expected = {
        user: model.recommend(list(stars), list(stars.values()), **options).item_indices  # type: ignore[arg-type]
        for user, stars in histories.items()
    }
    assert lists(*flags) == {
        user: model.catalog.movie_ids[rows].tolist() for user, rows in expected.items() if len(rows)
    }


def test_recommend_command_hides_what_the_service_hides(
    lists: Lists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert any(30 in movies for movies in lists().values())
    (tmp_path / "hidden.txt").write_text("30\n")
    monkeypatch.setenv("RECSYS_RECOMMEND__HIDDEN", str(tmp_path / "hidden.txt"))
    assert not any(30 in movies for movies in lists().values())


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--genres", "Western"), "the genres are Action, Comedy, Drama"),
        (("--exclude-movie-ids", "1,x"), "'x' is not a movie id"),
        (("--year-from", "2000", "--year-to", "1990"), "year_from=2000 is after year_to=1990"),
        (("--recency", "3"), "recency=3"),
    ],
)
def test_recommend_command_wrong_filter_is_named(
    lists: Lists, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], message: str
) -> None:
    with pytest.raises(AssertionError):
        lists(*flags)
    assert message in capsys.readouterr().err
