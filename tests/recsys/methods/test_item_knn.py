"""item-knn by hand and against scikit-learn."""

import numpy as np
import pytest
from builders import make_catalog, make_dataset
from sklearn.metrics.pairwise import cosine_similarity

from recsys.data import Dataset
from recsys.methods import get_method, make_params
from recsys.methods.item_knn import weighted


def weights(dataset: Dataset, **params: object) -> np.ndarray:
    method = get_method("item-knn")
    matrix = method.fit(dataset, make_params(method, params)).item_weights
    return np.stack([matrix.row(row) for row in range(matrix.n_items)])


def test_fit_cosine_without_shrinkage_equals_scikit_learn(movielens: Dataset) -> None:
    ours = weights(movielens, weighting="cosine", shrinkage=0, n_neighbors=10_000)
    theirs = cosine_similarity(movielens.user_items.T.toarray())
    np.fill_diagonal(theirs, 0)
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_fit_shrinkage_is_added_to_the_product_of_norms() -> None:
    catalog = make_catalog([(1, "A", 0, ""), (2, "B", 0, "")])
    dataset = make_dataset(catalog, [(1, 1, 3), (1, 2, 4), (2, 1, 4)])
    # a = (3, 4), b = (4, 0): a.b = 12, |a| = 5, |b| = 4
    assert weights(dataset, weighting="cosine", shrinkage=10)[0, 1] == pytest.approx(12 / (20 + 10))


def test_fit_few_neighbors_keeps_the_largest_of_each_column(movielens: Dataset) -> None:
    every, few = weights(movielens, n_neighbors=10_000), weights(movielens, n_neighbors=5)
    assert ((few > 0).sum(axis=0) <= 5).all()
    np.testing.assert_allclose(np.sort(few, axis=0)[-5:], np.sort(every, axis=0)[-5:])


def test_weighted_tfidf_is_root_of_stars_times_idf_of_the_user(tiny: Dataset) -> None:
    values = weighted(tiny.user_items, "tfidf").toarray()
    assert values[1, 0] == pytest.approx(np.sqrt(4) * np.log(7 / 3), rel=1e-6)  # user 2 has rated 2 of 6 movies


def test_weighted_bm25_saturates_stars_and_mutes_much_rated_movies(tiny: Dataset) -> None:
    values = weighted(tiny.user_items, "bm25").toarray()
    lengths = np.array([11, 0, 12, 5, 9, 0])
    stars, norm = 4, 1 - 0.75 + 0.75 * 11 / (lengths[[0, 2, 3, 0, 2, 2, 3, 4, 0, 4]].mean())
    expected = np.log(7 / 3) * stars * 2.2 / (1.2 * norm + stars)
    assert values[1, 0] == pytest.approx(expected, rel=1e-5)
