"""The sketch against exact counts, on ratings drawn at random."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_catalog, make_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data import Dataset
from recsys.drift.sketch import SKETCH_SIZE, rating_hashes, share_kept, sketch_of

CATALOG = make_catalog([(7 * number + 3, f"Movie {number}", 2000, "Drama") for number in range(2000)])


def drawn(n_ratings: int, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    pairs = rng.choice(500 * CATALOG.n_items, size=n_ratings, replace=False)
    return Dataset.from_ratings(
        "drawn",
        CATALOG,
        user_ids=pairs // CATALOG.n_items,
        movie_ids=CATALOG.movie_ids[pairs % CATALOG.n_items],
        ratings=rng.integers(1, 6, n_ratings).astype(np.float32),
        timestamps=rng.integers(0, 10**9, n_ratings),
    )


def some(dataset: Dataset, share: float, seed: int = 1) -> Dataset:
    return dataset.part(np.random.default_rng(seed).random(dataset.n_ratings) < share)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.8, 0.95, 1.0])
def test_share_kept_of_many_ratings_is_about_a_percent_off_at_most(share: float) -> None:
    before = drawn(50_000)
    after = some(before, share)
    exact = after.n_ratings / before.n_ratings
    # Four standard errors of a share that 4,096 hashes tell, so that no draw of these seeds fails by chance.
    error = 4 * np.sqrt(max(share * (1 - share), 1e-9) / SKETCH_SIZE)
    assert share_kept(sketch_of(before), sketch_of(after)).ratings == pytest.approx(exact, abs=error)


@pytest.mark.parametrize("growth", [2, 10])
def test_share_kept_in_data_that_have_grown_is_all(growth: int) -> None:
    after = drawn(60_000)
    kept = share_kept(sketch_of(some(after, 1 / growth)), sketch_of(after))
    assert kept.ratings == 1.0
    assert kept.n_compared == pytest.approx(SKETCH_SIZE / growth, rel=0.2)


def test_share_kept_few_ratings_is_exact() -> None:
    before = drawn(1000)
    chosen = np.arange(1000) % 4 != 0
    assert share_kept(sketch_of(before), sketch_of(before.part(chosen))).ratings == 0.75


def test_share_kept_other_stars_users_or_movies_are_other_ratings() -> None:
    before = drawn(20_000)
    other = [
        replace(before, ratings=np.where(before.ratings == 5, 1, before.ratings + 1).astype(np.float32)),
        replace(before, user_ids=before.user_ids + 1000),
        replace(before, item_indices=(before.item_indices + 1) % CATALOG.n_items),
    ]
    kept = [share_kept(sketch_of(before), sketch_of(data)).ratings for data in other]
    assert kept == [0.0, 0.0, pytest.approx(0, abs=0.02)]


def test_share_kept_tells_lost_times_from_lost_ratings() -> None:
    before = drawn(20_000)
    kept = share_kept(sketch_of(before), sketch_of(replace(before, timestamps=np.zeros_like(before.timestamps))))
    assert (kept.ratings, round(kept.times, 2)) == (1.0, 0.0)


def test_share_kept_of_nothing_is_all_and_in_nothing_is_none() -> None:
    before = drawn(100)
    nothing = before.part(np.zeros(100, dtype=np.bool_))
    assert share_kept(sketch_of(nothing), sketch_of(before)).ratings == 1.0
    assert share_kept(sketch_of(before), sketch_of(nothing)).ratings == 0.0


def test_rating_hashes_users_and_movies_do_not_stand_for_each_other() -> None:
    catalog = make_catalog([(1, "A", 2000, ""), (2, "B", 2000, "")])
    hashes = rating_hashes(make_dataset(catalog, [(1, 2, 3), (2, 1, 3), (1, 1, 3), (2, 2, 3), (3, 1, 3.5)]))
    assert len(np.unique(hashes)) == 5


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(60)))
def test_sketch_does_not_depend_on_the_order_of_rows(order: list[int]) -> None:
    data = drawn(60)
    columns = data.user_ids[data.user_indices], CATALOG.movie_ids[data.item_indices], data.ratings, data.timestamps
    names = ("user_ids", "movie_ids", "ratings", "timestamps")
    shuffled = Dataset.from_ratings(
        "drawn", CATALOG, **{name: column[order] for name, column in zip(names, columns, strict=True)}
    )
    assert np.array_equal(sketch_of(shuffled).hashes, sketch_of(data).hashes)
    assert np.array_equal(sketch_of(shuffled).times, sketch_of(data).times)
