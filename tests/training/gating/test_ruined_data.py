"""Ruined data of every kind are refused with the right sentence; honest growth and rolling windows are not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from model_stores import recipe
from numpy.typing import NDArray

from recsys.catalog import Catalog
from recsys.data import Dataset
from recsys.drift.profile import profile_of
from recsys.model import Recommender
from training.gating.as_served import contest_as_served
from training.gating.contenders import Contender
from training.gating.contest_checks import Trials
from training.gating.gate import Evidence, judge
from training.gating.new_ratings import look_at_new_ratings
from training.gating.params import GateParams
from training.gating.sides import Side
from training.gating.verdict import Verdict

NOW = datetime(2026, 11, 25, tzinfo=UTC)
RECIPE = recipe("item-knn")
Column = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """Ratings as a table, to be ruined column by column."""

    users: Column
    movies: Column
    stars: NDArray[np.float32]
    times: Column
    catalog: Catalog

    def where(self, chosen: NDArray[np.bool_]) -> "Rows":
        return replace(self, **{name: getattr(self, name)[chosen] for name in ("users", "movies", "stars", "times")})

    def and_also(self, other: "Rows") -> "Rows":
        columns = ("users", "movies", "stars", "times")
        return replace(self, **{name: np.concatenate((getattr(self, name), getattr(other, name))) for name in columns})

    @property
    def rank(self) -> NDArray[np.float64]:
        """Return where in time each rating lies, from 0 to 1."""
        return np.argsort(np.argsort(self.times, kind="stable"), kind="stable") / len(self.times)

    def months(self) -> NDArray[np.str_]:
        return np.datetime_as_string(self.times.astype("datetime64[s]").astype("datetime64[M]"))

    def dataset(self) -> Dataset:
        _, first = np.unique(np.stack((self.users, self.movies)), axis=1, return_index=True)
        return Dataset.from_ratings(
            "ml-100k",
            self.catalog,
            user_ids=self.users[first],
            movie_ids=self.movies[first],
            ratings=self.stars[first],
            timestamps=self.times[first],
        )


@pytest.fixture(scope="module")
def rows(movielens: Dataset) -> Rows:
    return Rows(
        movielens.user_ids[movielens.user_indices],
        movielens.catalog.movie_ids[movielens.item_indices],
        movielens.ratings,
        movielens.timestamps,
        movielens.catalog,
    )


@pytest.fixture(scope="module")
def production(rows: Rows) -> Callable[[float], tuple[Recommender, Side]]:
    """Return Production trained on the first share of the ratings in time, made once."""

    @cache
    def made(share: float) -> tuple[Recommender, Side]:
        dataset = rows.where(rows.rank < share).dataset()
        return RECIPE.recommender(dataset), side_of(dataset)

    return made


def side_of(dataset: Dataset) -> Side:
    profile = profile_of(dataset)
    return Side(dataset.name, dataset.n_users, dataset.n_ratings, dataset.catalog, dataset.popularity, profile=profile)


def verdict_of(served: tuple[Recommender, Side], rows: Rows, **params: object) -> Verdict:
    """Return the verdict of the checks that look at data, with the contest as served."""
    (model, side), dataset, gate = served, rows.dataset(), GateParams(**params)  # type: ignore[arg-type]
    assert side.profile is not None
    held = contest_as_served(
        RECIPE, model, dataset, side.profile.newest, labels=("new", "served"), min_users=gate.min_users
    )
    trials = Trials(
        same_recipe=True,
        as_served=held,
        of_recipes="",
        candidate=Contender("new", np.zeros(0, dtype=np.int64), np.zeros(0), 0.1),
        new_ratings=look_at_new_ratings(model, side.profile, dataset, gate),
    )
    return judge(Evidence(side_of(dataset), side, trials=trials), gate, NOW)


def failed(verdict: Verdict) -> dict[str, str]:
    return {check.name: check.sentence for check in verdict.failed}


RNG = np.random.default_rng(5)


def shuffled(rows: Rows) -> Rows:
    return replace(rows, movies=RNG.permutation(rows.movies))


def other_ids(rows: Rows) -> Rows:
    ids = rows.catalog.movie_ids
    return replace(rows, movies=RNG.permutation(ids)[np.searchsorted(ids, rows.movies)])


def next_ids(rows: Rows) -> Rows:
    ids = rows.catalog.movie_ids
    return replace(rows, movies=ids[(np.searchsorted(ids, rows.movies) + 1) % len(ids)])


def half_of_the_users_with_new_keys(rows: Rows) -> Rows:
    return replace(rows, users=np.where(rows.users % 2 == 0, rows.users + 100_000, rows.users))


def middle_month(rows: Rows) -> str:
    months = np.unique(rows.months())
    return str(months[len(months) // 2])


RUINED = {
    "most_ratings_lost": (lambda r: r.where(RNG.random(len(r.users)) < 0.14), "ratings", "have been lost"),
    "most_users_lost": (lambda r: r.where(r.users < np.quantile(r.users, 0.3)), "users", "users have been lost"),
    "movies_shuffled_against_users": (shuffled, "ratings_kept", "belong to another user or movie"),
    "movie_ids_of_others": (other_ids, "popularity", "movie ids still mean the same"),
    "movie_ids_shifted_by_one": (next_ids, "ratings_kept", "are still there"),
    "user_ids_shifted_by_one": (lambda r: replace(r, users=r.users + 1), "ratings_kept", "are still there"),
    "half_of_the_users_with_new_keys": (half_of_the_users_with_new_keys, "ratings_kept", "are still there"),
    "one_star_each": (lambda r: replace(r, stars=np.ones_like(r.stars)), "stars", "before 3."),
    "stars_turned_round": (lambda r: replace(r, stars=5.5 - r.stars), "ratings_kept", "have other stars"),
    "stars_shuffled": (lambda r: replace(r, stars=RNG.permutation(r.stars)), "ratings_kept", "have other stars"),
    "times_lost": (lambda r: replace(r, times=r.times * 0), "newest_rating", "time runs backwards"),
    "times_of_the_export": (
        lambda r: replace(r, times=np.full_like(r.times, 1_764_000_000)),
        "same_second",
        "100.0% of its ratings have the same time",
    ),
    "times_shuffled": (lambda r: replace(r, times=RNG.permutation(r.times)), "times_kept", "lost or changed"),
    "times_in_milliseconds": (lambda r: replace(r, times=r.times * 1000), "not_in_future", "unit of the timestamps"),
    "month_missing_in_the_middle": (
        lambda r: r.where(r.months() != middle_month(r)),
        "months",
        "ratings of this month are missing",
    ),
    "last_weeks_missing": (
        lambda r: r.where(r.times < r.times.max() - 30 * 86_400),
        "newest_rating",
        "the newest ratings are missing",
    ),
    "users_exported_twice": (
        lambda r: r.and_also(replace(r, users=r.users + 100_000)),
        "copied_users",
        "users have been exported twice",
    ),
}


@pytest.mark.parametrize("case", RUINED)
def test_ruined_data_are_refused_with_the_right_sentence(rows, production, case):
    ruin, check, words = RUINED[case]
    verdict = verdict_of(production(1.0), ruin(rows))
    assert words in failed(verdict)[check]


NEW_PART = {
    "movies_shuffled_against_users": (shuffled, "new_gain"),
    "users_shuffled_against_movies": (lambda r: replace(r, users=RNG.permutation(r.users)), "new_gain"),
    "movie_ids_of_others": (other_ids, "new_popularity"),
    "movie_ids_shifted_by_one": (next_ids, "new_ndcg"),
    "one_star_each": (lambda r: replace(r, stars=np.ones_like(r.stars)), "new_stars"),
    "exported_twice": (lambda r: r.and_also(replace(r, users=r.users + 100_000)), "new_copied_users"),
}


SLOW = pytest.mark.slow


@pytest.mark.parametrize("share", [pytest.param(0.8, marks=SLOW), 0.9, pytest.param(0.95, marks=SLOW)])
@pytest.mark.parametrize("case", NEW_PART)
def test_new_ratings_that_are_ruined_are_refused_though_the_old_are_whole(rows, production, case, share):
    ruin, check = NEW_PART[case]
    new = rows.rank >= share
    verdict = verdict_of(production(share), rows.where(~new).and_also(ruin(rows.where(new))))
    assert check in failed(verdict)
    assert "ratings_kept" not in failed(verdict)


def test_new_ratings_of_users_with_new_keys_are_new_users_and_pass(rows, production):
    new = rows.rank >= 0.9
    keyed = replace(rows, users=np.where(new, rows.users + 100_000, rows.users))
    assert failed(verdict_of(production(0.9), keyed)) == {}


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97, 0.999])
def test_honest_growth_is_promoted(rows, production, share):
    assert failed(verdict_of(production(share), rows)) == {}


def test_honest_weeks_are_promoted_one_after_the_other(rows):
    weeks = np.quantile(rows.times, [0.6, 0.63, 0.66, 0.7])
    for before, after in pairwise(weeks):
        dataset = rows.where(rows.times < before).dataset()
        served = RECIPE.recommender(dataset), side_of(dataset)
        assert failed(verdict_of(served, rows.where(rows.times < after))) == {}


def test_rolling_window_is_refused_by_one_check_and_promoted_with_that_switched_off(rows, production):
    window = rows.where(rows.rank >= 0.25)
    assert list(failed(verdict_of(production(0.8), window))) == ["ratings_kept"]
    verdict = verdict_of(production(0.8), window, min_ratings_kept="off")
    assert verdict.promote
    assert [check.name for check in verdict.checks if check.status == "switched off"] == ["ratings_kept"]


def test_program_that_rates_everything_is_a_warning(rows, production):
    ids = rows.catalog.movie_ids
    program = Rows(
        np.full(len(ids), 10**6),
        ids,
        np.full(len(ids), 5, dtype=np.float32),
        np.full(len(ids), rows.times.max()),
        rows.catalog,
    )
    verdict = verdict_of(production(1.0), rows.and_also(program))
    assert verdict.promote
    assert [check.name for check in verdict.warnings] == ["top_user"]


def test_production_without_profile_is_compared_by_what_its_model_tells(rows, production):
    _, side = production(1.0)
    older = replace(side, profile=None)
    dataset = other_ids(rows).dataset()
    verdict = judge(Evidence(side_of(dataset), older), GateParams(), NOW)
    assert list(failed(verdict)) == ["popularity"]
    unchecked = {check.name: check.sentence for check in verdict.checks if check.status == "not checked"}
    assert unchecked["ratings_kept"] == "Production has no profile of its data, as it is of an older release"
    assert judge(Evidence(side_of(rows.dataset()), older), GateParams(), NOW).promote
