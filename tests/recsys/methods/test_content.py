"""The content methods by hand and against scikit-learn."""

import numpy as np
import pytest
from builders import make_catalog, make_dataset
from sklearn.metrics import jaccard_score

from recsys.catalog import Catalog
from recsys.data import Dataset
from recsys.methods import get_method, make_params
from recsys.methods.content_features import decade_flags, genre_flags, year_bumps


def similarity(name: str, catalog: Catalog, **params: object) -> np.ndarray:
    method = get_method(name)
    dataset = make_dataset(catalog, [(1, int(catalog.movie_ids[0]), 3)])
    matrix = method.fit(dataset, make_params(method, params)).item_similarity
    return np.stack([matrix.row(row) for row in range(matrix.n_items)])


def test_cosine_without_years_counts_shared_genres(tiny: Dataset) -> None:
    values = similarity("content-cosine", tiny.catalog, year_weight=0)
    assert values[0, 1] == pytest.approx(1 / np.sqrt(2), rel=1e-5)  # Action against Action and Comedy
    assert values[0, 2] == pytest.approx(0)


def test_cosine_with_years_prefers_the_nearer_year() -> None:
    catalog = make_catalog([(1, "A", 1990, "Action"), (2, "B", 1992, "Action"), (3, "C", 1960, "Action")])
    values = similarity("content-cosine", catalog)
    assert values[0, 1] > values[0, 2] > 0


def test_jaccard_of_genres_and_decade_by_hand(tiny: Dataset) -> None:
    values = similarity("content-jaccard", tiny.catalog)
    assert values[0, 1] == pytest.approx(2 / 3)  # {Action, 1990s} against {Action, Comedy, 1990s}
    assert values[0, 3] == pytest.approx(0)
    assert values[2, 4] == pytest.approx(2 / 3)


def test_jaccard_equals_scikit_learn(movielens: Dataset) -> None:
    catalog = movielens.catalog
    traits = np.hstack([genre_flags(catalog), decade_flags(catalog)]).astype(bool)
    values = similarity("content-jaccard", catalog)
    rng = np.random.default_rng(1)
    for row, column in rng.integers(0, catalog.n_items, size=(200, 2)):
        expected = jaccard_score(traits[row], traits[column], zero_division=0)
        assert values[row, column] == pytest.approx(expected, abs=1e-6)


def test_year_bumps_unknown_year_is_a_zero_row(tiny: Dataset) -> None:
    bumps = year_bumps(tiny.catalog, width=5)
    np.testing.assert_allclose(np.linalg.norm(bumps, axis=1), [1, 1, 1, 1, 1, 0], rtol=1e-6)


def test_year_bumps_no_known_year_has_no_column() -> None:
    assert year_bumps(make_catalog([(1, "A", 0, "")]), width=5).shape == (1, 0)
