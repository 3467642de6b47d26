"""A model of factors answers every question as the same model spelled out, though it scores only what it has to."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from recsys import item_factors
from recsys.catalog import Catalog
from recsys.item_factors import FactorItemMatrix
from recsys.item_matrix import DenseItemMatrix
from recsys.model import Recommender
from recsys.recency import RecentPopularity
from recsys.scorers import scorer_of

N_ITEMS = 400


@pytest.fixture(autouse=True)
def _several_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_factors, "FIRST_ROWS", 8)


@pytest.fixture(scope="module")
def factored() -> Recommender:
    rng = np.random.default_rng(0)
    popularity = np.sort(rng.integers(0, 900, N_ITEMS))[::-1].copy()
    popularity[-40:] = 0
    vectors = rng.normal(size=(N_ITEMS, 5)) * ((np.arange(N_ITEMS) + 1.0) ** -0.8)[:, None]
    weights = FactorItemMatrix.of(vectors.astype(np.float32), rng.uniform(0.5, 2, N_ITEMS).astype(np.float32))
    similarity = np.clip(vectors @ vectors.T, 0, 1).astype(np.float32)
    catalog = Catalog(
        movie_ids=np.arange(1, N_ITEMS + 1),
        titles=tuple(f"Movie {number}" for number in range(N_ITEMS)),
        years=rng.integers(1950, 2020, N_ITEMS).astype(np.int32),
        genres=rng.random((N_ITEMS, 3)) < 0.3,
        genre_names=("Action", "Comedy", "Drama"),
        imdb_urls=("",) * N_ITEMS,
    )
    recent = RecentPopularity(rng.random(N_ITEMS).astype(np.float32), 300.0)
    return Recommender(catalog, popularity, weights, DenseItemMatrix(similarity), recent=recent)


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"n": 50},
        {"min_rating": 3.5},
        {"recency": 1.0},
        {"recency": 2.0, "n": 3},
        {"diversity": 0.5},
        {"new": 2},
        {"filter": {"genres": ["Comedy"], "year_from": 1990}},
        {"filter": {"candidate_movie_ids": [390, 391, 5, 7]}},
        {"filter": {"exclude_movie_ids": list(range(1, 60))}, "recency": 0.5, "diversity": 0.2},
    ],
)
@pytest.mark.parametrize("hidden", [(), tuple(range(1, 120, 2))])
def test_recommend_by_factors_equals_the_model_spelled_out(
    factored: Recommender, question: dict[str, object], hidden: tuple[int, ...]
) -> None:
    rows = np.arange(N_ITEMS)
    spelled_out = replace(factored, item_weights=DenseItemMatrix(factored.item_weights.block(rows, rows)))
    rng = np.random.default_rng(1)
    for _ in range(20):
        movies = rng.choice(N_ITEMS, size=int(rng.integers(1, 30)), replace=False) + 1
        stars = rng.choice([0.5, 1, 2, 3, 4, 5], size=len(movies))
        ours, theirs = (
            model.hiding(hidden).recommend(movies.tolist(), stars.tolist(), **question)
            for model in (factored, spelled_out)
        )
        assert ours.strategy == theirs.strategy
        np.testing.assert_array_equal(ours.item_indices, theirs.item_indices)
        np.testing.assert_allclose(ours.scores, theirs.scores, rtol=1e-4, atol=1e-6)


def test_scores_of_many_users_by_factors_equal_the_model_spelled_out(factored: Recommender) -> None:
    rows = np.arange(N_ITEMS)
    spelled_out = replace(factored, item_weights=DenseItemMatrix(factored.item_weights.block(rows, rows)))

    drawn = sp.random_array((30, N_ITEMS), density=0.03, rng=0, format="csr")
    drawn.data = np.ceil(drawn.data * 10) / 2
    histories = sp.csr_array(drawn).astype(np.float32)
    ours, theirs = (scorer_of(model, recency=1.0).scores(histories) for model in (factored, spelled_out))
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
