"""The profile of a dataset, by counts worked out by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import make_catalog, make_dataset
from model_stores import recipe

from recsys.data import Dataset
from recsys.drift.profile import DataProfile, Month, profile_of
from recsys.errors import ArtifactError
from recsys.fitting import model_info
from recsys.storage import PROFILE, load_model, read_profile, save_model

DAY = 86_400


def test_profile_counts_of_the_tiny_dataset(tiny: Dataset) -> None:
    profile = profile_of(tiny)
    assert (profile.n_users, profile.n_movies, profile.n_rated_movies, profile.n_ratings) == (4, 6, 4, 10)
    assert profile.stars == {"1": 1, "2": 1, "3": 1, "4": 4, "5": 3}
    assert (profile.per_user[0], profile.per_user[-1]) == (2, 3)
    assert (profile.per_movie[0], profile.per_movie[-1]) == (2, 3)
    assert (profile.oldest, profile.newest) == (0, 9)
    assert profile.months == {"1970-01": Month(ratings=10, users=4)}
    assert (profile.top_user, profile.top_movie, profile.top_second) == (0.3, 0.3, 0.1)
    assert profile.movies_with_genres == pytest.approx(5 / 6)
    assert profile.copied_users == 0


def test_profile_months_count_each_user_once(tiny: Dataset) -> None:
    times = np.array([0, 0, 40, 40, 40, 0, 70, 70, 70, 70]) * DAY
    assert profile_of(replace(tiny, timestamps=times)).months == {
        "1970-01": Month(ratings=3, users=2),
        "1970-02": Month(ratings=3, users=2),
        "1970-03": Month(ratings=4, users=2),
    }


def test_profile_times_before_1970_and_far_ahead_are_months_as_well(tiny: Dataset) -> None:
    times = np.array([-5 * DAY] * 5 + [10**11] * 5)
    profile = profile_of(replace(tiny, timestamps=times))
    assert list(profile.months) == ["1969-12", "5138-11"]
    assert DataProfile.from_json(profile.as_json()).months == profile.months


def test_profile_copied_users_are_those_with_the_same_movies_and_stars() -> None:
    catalog = make_catalog([(number, f"Movie {number}", 2000, "Drama") for number in range(1, 8)])
    long = [(1, movie, 1 + movie % 5) for movie in range(1, 7)]
    twin = [(2, movie, stars) for _, movie, stars in long]
    other_stars = [(3, movie, 1 + (movie + 1) % 5) for movie in range(1, 7)]
    short = [(4, 1, 5), (5, 1, 5)]
    assert profile_of(make_dataset(catalog, [*long, *twin, *other_stars, *short])).copied_users == pytest.approx(2 / 3)


def test_profile_of_no_rating_has_zeros(tiny: Dataset) -> None:
    profile = profile_of(tiny.part(np.zeros(tiny.n_ratings, dtype=np.bool_)))
    assert (profile.n_users, profile.n_ratings, profile.top_user, profile.copied_users) == (0, 0, 0, 0)
    assert (profile.stars, profile.months, profile.per_user) == ({}, {}, ())


def test_profile_as_json_and_back_is_the_same_and_small(movielens: Dataset) -> None:
    profile = profile_of(movielens)
    text = json.dumps(profile.as_json())
    assert len(text) < 150_000
    back = DataProfile.from_json(json.loads(text))
    assert back.as_json() == profile.as_json()
    assert np.array_equal(back.sketch.hashes, profile.sketch.hashes)
    assert (back.months, back.sketch.n_ratings) == (profile.months, movielens.n_ratings)


@pytest.mark.parametrize(
    "change", [{"format": 2}, {"sketch": {}}, {"months": 3}, {"n_users": None, "unknown": 1}, {"sketch": None}]
)
def test_profile_from_other_json_is_refused(tiny: Dataset, change: dict[str, object]) -> None:
    with pytest.raises(ArtifactError, match="data profile"):
        DataProfile.from_json({**profile_of(tiny).as_json(), **change})


def test_profile_lies_in_the_model_folder_under_a_checksum(tiny: Dataset, tmp_path: Path) -> None:
    made = recipe("item-knn")
    save_model(made.recommender(tiny), model_info(made, tiny), tmp_path / "with", profile=profile_of(tiny))
    save_model(made.recommender(tiny), model_info(made, tiny), tmp_path / "without")
    found = read_profile(tmp_path / "with")
    assert found is not None
    assert found.digest == tiny.digest
    assert read_profile(tmp_path / "without") is None
    (tmp_path / "with" / PROFILE).write_text("{", encoding="utf-8")
    with pytest.raises(ArtifactError, match="is not JSON"):
        read_profile(tmp_path / "with")
    with pytest.raises(ArtifactError, match="altered"):
        load_model(tmp_path / "with")
