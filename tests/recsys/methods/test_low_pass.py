"""spectral and hybrid against a plain spelling of the formula."""

import numpy as np
import pytest
from builders import first_movies, first_users

from recsys.data import Dataset
from recsys.item_matrix import ItemMatrix
from recsys.methods import get_method, low_pass, make_params
from recsys.methods.content_features import genre_flags, unit_rows, year_bumps
from recsys.methods.rating_source import CsrRatings
from recsys.methods.rating_weights import rating_weights


@pytest.fixture(scope="module")
def part(movielens: Dataset) -> Dataset:
    return first_movies(first_users(movielens, 250), 600)


@pytest.fixture(scope="module")
def ratings(movielens: Dataset) -> CsrRatings:
    return CsrRatings(first_movies(movielens, 600))


def dense(matrix: ItemMatrix) -> np.ndarray:
    return np.stack([matrix.row(row) for row in range(matrix.n_items)])


def weights(name: str, dataset: Dataset, **params: object) -> np.ndarray:
    method = get_method(name)
    return dense(method.fit(dataset, make_params(method, params)).item_weights)


def spelled_out(dataset: Dataset, balance: float, noise: float, content: float) -> np.ndarray:
    """Return the weights by a full SVD of the stacked dense matrix."""
    ratings = rating_weights(dataset.user_items).toarray()
    per_user, per_item = (ratings > 0).sum(axis=1), (ratings > 0).sum(axis=0)
    mean_user, mean_item = per_user[per_user > 0].mean(), per_item[per_item > 0].mean()
    users, items = (np.maximum(per_user, 1) / mean_user) ** -balance, (np.maximum(per_item, 1) / mean_item) ** -balance
    features = np.hstack([unit_rows(genre_flags(dataset.catalog)), year_bumps(dataset.catalog, width=5)])
    stacked = np.vstack([users[:, None] * ratings * items, content * features.T])
    _, singular, vectors = np.linalg.svd(stacked, full_matrices=False)
    edge = noise * low_pass.noise_edge(CsrRatings(dataset), items.astype(np.float32), balance)
    n_signal = max((singular**2 > edge).sum(), 1)
    ridge = singular**2 / (singular**2 + edge)
    passed = 1 / (1 + (np.arange(len(singular)) / n_signal) ** 2) + 0.5 * ridge / ridge[0]
    passed[(passed < 0.01) | (singular < 1e-5 * singular[0])] = 0
    expected = items[:, None] * (vectors.T * passed @ vectors) / items
    np.fill_diagonal(expected, 0)
    return expected


@pytest.mark.parametrize(
    ("name", "params", "content"),
    [
        ("spectral", {"balance": 0.3, "noise": 1.0}, 0.0),
        ("spectral", {"balance": 0.5, "noise": 2.0}, 0.0),
        ("hybrid", {"balance": 0.3, "noise": 1.0, "content": 1.0}, 1.0),
    ],
)
def test_fit_equals_the_formula_spelled_out(name: str, params: dict[str, float], content: float, part: Dataset) -> None:
    found = weights(name, part, **params)
    expected = spelled_out(part, params["balance"], params["noise"], content)
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_chance_edge_is_the_second_eigenvalue_of_ratings_by_chance(ratings: CsrRatings) -> None:
    scale = (np.maximum(ratings.popularity, 1) / 60).astype(np.float32) ** -0.3
    singular = np.linalg.svd(ratings.by_chance(0.3).matrix.toarray() * scale, compute_uv=False)
    found = low_pass.chance_edge(ratings, scale, 0.3)
    assert found == pytest.approx(singular[1] ** 2, rel=0.01)
    assert found < 0.1 * singular[0] ** 2


def test_noise_edge_is_by_chance_where_a_movie_exceeds_the_even_edge_by_itself(movielens: Dataset) -> None:
    ratings = CsrRatings(movielens)
    large = np.full(movielens.n_items, 10, np.float32)
    assert low_pass.noise_edge(ratings, large, 0.3) == low_pass.chance_edge(ratings, large, 0.3)
    mean_user, mean_item = movielens.n_ratings / ratings.n_users, ratings.popularity[ratings.popularity > 0].mean()
    even = (np.sqrt(mean_user) + np.sqrt(mean_item)) ** 2
    scale = (np.maximum(ratings.popularity, 1) / mean_item).astype(np.float32) ** -0.3
    assert (ratings.popularity * scale**2).max() < even
    assert low_pass.noise_edge(ratings, scale, 0.3) == pytest.approx(
        min(even, low_pass.chance_edge(ratings, scale, 0.3)), rel=1e-6
    )


def test_noise_edge_of_ratings_without_structure_leaves_hardly_a_signal(movielens: Dataset) -> None:
    """A user's movies drawn by popularity alone: all there is to find is what is popular."""
    ratings = CsrRatings(movielens)
    drawn = ratings.by_chance(0.0).matrix.indices
    users = movielens.user_indices[np.random.default_rng(0).permutation(movielens.n_ratings)]
    pairs = np.unique(users.astype(np.int64) * movielens.n_items + drawn)
    shuffled = Dataset.from_ratings(
        "shuffled",
        movielens.catalog,
        user_ids=pairs // movielens.n_items,
        movie_ids=movielens.catalog.movie_ids[pairs % movielens.n_items],
        ratings=np.full(len(pairs), 4, np.float32),
        timestamps=np.zeros(len(pairs), np.int64),
    )
    found = CsrRatings(shuffled)
    ones = np.ones(movielens.n_items, np.float32)
    edge = low_pass.noise_edge(found, ones, 0.3)
    eigenvalues = np.linalg.eigvalsh(found.weighted(0.3).gram())[::-1]
    assert low_pass.n_signals(eigenvalues, edge) <= 2


def test_hybrid_without_content_is_spectral(part: Dataset) -> None:
    found = weights("hybrid", part, content=0)
    np.testing.assert_allclose(found, weights("spectral", part), atol=1e-5)


def test_low_pass_truncated_spectrum_agrees_with_the_whole(part: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = weights("spectral", part, noise=4.0)
    monkeypatch.setattr(low_pass, "DENSE_ITEMS", 10)
    monkeypatch.setattr(low_pass, "FEW_ROWS", 10)
    truncated = weights("spectral", part, noise=4.0)
    # What is cut off passes by half its ridge at most.
    np.testing.assert_allclose(truncated, whole, atol=0.01)
    assert np.corrcoef(whole.ravel(), truncated.ravel())[0, 1] > 0.95


def test_hybrid_cold_movie_resembles_its_kind(tiny: Dataset) -> None:
    method = get_method("hybrid")
    similarity = dense(method.fit(tiny, make_params(method, {})).item_similarity)
    # Beta, never rated, is Action and Comedy of 1991; Delta is a Drama of 1970
    assert similarity[1, 0] > similarity[1, 3]
    assert similarity[1, 2] > similarity[1, 3]
