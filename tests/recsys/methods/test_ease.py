"""ease against the formula of the paper."""

import numpy as np
import pytest

from recsys.data import Dataset
from recsys.item_matrix import ItemMatrix
from recsys.methods import get_method, make_params
from recsys.methods.rating_weights import rating_weights


def dense(matrix: ItemMatrix) -> np.ndarray:
    return np.stack([matrix.row(row) for row in range(matrix.n_items)])


def weights(dataset: Dataset, **params: object) -> np.ndarray:
    method = get_method("ease")
    return dense(method.fit(dataset, make_params(method, params)).item_weights)


def steck_2019(dataset: Dataset, l2: float) -> np.ndarray:
    """Return B of the paper's equation 8: P = (X'X + l2)^-1, B = -P / diag(P), zero on the diagonal."""
    ratings = rating_weights(dataset.user_items).toarray()
    inverse = np.linalg.inv(ratings.T @ ratings + l2 * np.eye(dataset.n_items))
    expected = inverse / -np.diag(inverse)
    np.fill_diagonal(expected, 0)
    return expected


def test_fit_solved_among_users_equals_the_paper(movielens: Dataset) -> None:
    assert movielens.n_users < movielens.n_items
    np.testing.assert_allclose(weights(movielens, l2=300), steck_2019(movielens, 300), atol=1e-5)


def test_fit_solved_among_items_equals_the_paper(movielens: Dataset) -> None:
    best_known = np.argsort(-movielens.popularity, kind="stable")[:100]
    part = movielens.part(np.isin(movielens.item_indices, best_known))
    found = weights(part, l2=300, max_items=100)
    np.testing.assert_allclose(found, steck_2019(part, 300), atol=1e-5)


def test_fit_max_items_leaves_the_least_rated_out(tiny: Dataset) -> None:
    found = weights(tiny, max_items=2)  # of 10 (3 ratings), 30 (3), 40 (2), 50 (2)
    assert set(np.flatnonzero(np.abs(found).sum(axis=1))) == {0, 2}


def test_rating_weights_are_roots_around_one(tiny: Dataset) -> None:
    found = rating_weights(tiny.user_items).toarray()
    assert found[0, 0] == pytest.approx(np.sqrt(5 / 3.7))  # the mean of the ten ratings is 3.7
