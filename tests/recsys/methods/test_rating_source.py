import numpy as np
import pytest

from recsys.data.sample import sample_dataset
from recsys.methods.rating_source import CsrRatings, ScaledGram, chance_items
from recsys.methods.rating_weights import balanced_weights, rating_weights


@pytest.fixture(scope="module")
def dataset():
    return sample_dataset()


@pytest.fixture(scope="module")
def thin(dataset):
    return np.random.default_rng(0).normal(size=(dataset.n_items, 5)).astype(np.float32)


def weights_of(dataset, balance):
    """Return the weights spelled out, float64, (n_users, n_items)."""
    n_rated = np.diff(dataset.user_items.indptr)
    scale = (np.maximum(n_rated, 1) / n_rated[n_rated > 0].mean()) ** -balance
    return rating_weights(dataset.user_items).toarray() * scale[:, None]


@pytest.mark.parametrize("balance", [0.0, 0.3, 1.0])
def test_weighted_equals_the_product_spelled_out(dataset, thin, balance):
    spelled_out = weights_of(dataset, balance)
    found = CsrRatings(dataset).weighted(balance).gram_product(thin)
    np.testing.assert_allclose(found, spelled_out.T @ (spelled_out @ thin), rtol=2e-4, atol=2e-3)
    assert found.dtype == np.float32


def test_weighted_of_a_part_with_empty_users_counts_those_with_ratings(dataset, thin):
    part = dataset.part(dataset.user_indices % 3 == 0)
    spelled_out = weights_of(part, 0.3)
    ratings = CsrRatings(part)
    found = ratings.weighted(0.3).gram_product(thin)
    np.testing.assert_allclose(found, spelled_out.T @ (spelled_out @ thin), rtol=2e-4, atol=2e-3)
    assert ratings.n_users == len(np.unique(part.user_indices))


def test_weighted_two_halves_of_the_users_add_up(dataset, thin):
    """A cluster holds the users in partitions."""
    whole = CsrRatings(dataset).weighted(0.3).matrix
    halves = [whole[:100], whole[100:]]
    total = sum(half.T @ (half @ thin) for half in halves)
    np.testing.assert_allclose(CsrRatings(dataset).weighted(0.3).gram_product(thin), total, rtol=2e-4, atol=2e-3)


def test_weighted_no_rating_gives_zeros(dataset, thin):
    empty = dataset.part(np.zeros(dataset.n_ratings, dtype=bool))
    assert not CsrRatings(empty).weighted(0.3).gram_product(thin).any()


def test_scaled_gram_equals_the_stacked_matrix_spelled_out(dataset, thin):
    rng = np.random.default_rng(1)
    item_scale = rng.random(dataset.n_items).astype(np.float32) + 0.5
    features = rng.random((dataset.n_items, 3)).astype(np.float32)
    stacked = np.vstack([weights_of(dataset, 0.3) * item_scale, features.T])
    found = ScaledGram(CsrRatings(dataset).weighted(0.3), item_scale, features).gram_product(thin)
    np.testing.assert_allclose(found, stacked.T @ (stacked @ thin), rtol=2e-4, atol=2e-3)


def test_chance_items_follow_popularity_and_repeat():
    users, movies = (ids.ravel() for ids in np.meshgrid(np.arange(200), np.arange(100)))
    popularity = np.array([0, 5000, 0, 10_000, 5000, 0])
    drawn = chance_items(users, movies, popularity)
    counts = np.bincount(drawn, minlength=6)
    assert counts[[0, 2, 5]].tolist() == [0, 0, 0]
    np.testing.assert_allclose(counts[[1, 3, 4]], [5000, 10_000, 5000], atol=350)  # five standard deviations
    part = slice(3000, 9000)
    np.testing.assert_array_equal(drawn[part], chance_items(users[part], movies[part], popularity))


def test_by_chance_keeps_users_and_stars_and_the_sum_of_weights(dataset):
    ratings = CsrRatings(dataset)
    weighted, by_chance = ratings.weighted(0.3).matrix, ratings.by_chance(0.3).matrix
    np.testing.assert_array_equal(weighted.data, by_chance.data)
    np.testing.assert_array_equal(weighted.indptr, by_chance.indptr)
    assert np.any(weighted.indices != by_chance.indices)


def test_balanced_weights_by_hand():
    found = balanced_weights(
        np.array([4, 1, 1], np.float32), np.array([2, 0, 1]), mean_stars=4.0, mean_rated=1.0, balance=0.5
    )
    # the square root of the stars over four, halved under the root for the user with two ratings
    np.testing.assert_allclose(found, [2**-0.5, 2**-1.5, 0.5], rtol=1e-6)
