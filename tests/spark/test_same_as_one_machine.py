"""The fit, the evaluation and the lists over partitions are those of one machine."""

import numpy as np
import pytest

from benchmarks.simulation import Size, simulated
from recsys.errors import ParameterError
from recsys.evaluation.report import evaluate
from recsys.evaluation.scorer import PopularityScorer
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.methods.rating_source import CsrRatings
from recsys.scorers import scorer_of
from recsys.splits import SplitParams, split

HASH = SplitParams(strategy="hash", seed=7)


def recipe(name: str) -> Recipe:
    return Recipe(name, make_params(get_method(name), {}))


@pytest.fixture(scope="module")
def large():
    """Return more movies than a matrix is kept dense of, so that the fit is one of factors."""
    return simulated(Size(6_000, 3_000, 400_000), rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def in_partitions(session, movielens, large):
    from recsys.spark.ratings import SparkRatings

    return {
        name: SparkRatings.of(session.sparkContext, dataset, n_partitions=5)
        for name, dataset in {"movielens": movielens, "large": large}.items()
    }


def test_products_equal_those_of_one_machine(in_partitions, movielens) -> None:
    from recsys.spark.source import SparkSource

    thin = np.random.default_rng(0).normal(size=(movielens.n_items, 5)).astype(np.float32)
    ours, theirs = SparkSource(in_partitions["movielens"]), CsrRatings(movielens)
    assert ours.n_users == theirs.n_users
    for gram, expected in ((ours.weighted(0.3), theirs.weighted(0.3)), (ours.by_chance(0.3), theirs.by_chance(0.3))):
        np.testing.assert_allclose(gram.gram_product(thin), expected.gram_product(thin), rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(gram.gram(), expected.gram(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("data", "method"),
    [
        *[("movielens", name) for name in ("hybrid", "spectral", "ease", "content-cosine", "popularity")],
        ("large", "hybrid"),
    ],
)
def test_model_metrics_and_lists_equal_those_of_one_machine(in_partitions, request, data, method) -> None:
    from recsys.spark import fitting
    from recsys.spark.evaluation import evaluate as evaluate_in_partitions
    from recsys.spark.evaluation import split as split_in_partitions

    dataset, ratings = request.getfixturevalue(data), in_partitions[data]
    theirs, ours = split(dataset, HASH), split_in_partitions(ratings, HASH)
    assert (ours.train.n_ratings, ours.holdout.n_ratings) == (theirs.train.n_ratings, theirs.holdout.n_ratings)
    expected_model, model = recipe(method).recommender(theirs.train), fitting.recommender(recipe(method), ours.train)
    np.testing.assert_array_equal(model.popularity, expected_model.popularity)
    np.testing.assert_allclose(model.recent_popularity.shares, expected_model.recent_popularity.shares, rtol=1e-5)
    assert type(model.item_weights) is type(expected_model.item_weights)
    some = np.arange(0, dataset.n_items, max(1, dataset.n_items // 200))
    expected_weights = expected_model.item_weights.block(some, some)
    scale = np.abs(expected_weights).max(initial=1e-9)
    np.testing.assert_allclose(model.item_weights.block(some, some) / scale, expected_weights / scale, atol=2e-3)

    expected, found = evaluate(scorer_of(expected_model), theirs), evaluate_in_partitions(scorer_of(model), ours)
    np.testing.assert_array_equal(found.user_indices, expected.user_indices)
    assert found.metrics == pytest.approx(expected.metrics, abs=5e-4, nan_ok=True)
    assert (found.item_indices == expected.item_indices).mean() > 0.98
    assert [part.n_relevant for part in found.slices] == [part.n_relevant for part in expected.slices]


@pytest.mark.parametrize("max_users", [None, 100])
def test_popularity_and_a_sample_of_users_are_exactly_those_of_one_machine(in_partitions, movielens, max_users) -> None:
    from recsys.spark.evaluation import evaluate as evaluate_in_partitions
    from recsys.spark.evaluation import split as split_in_partitions

    for params in (HASH, SplitParams(strategy="leave-last-out")):
        theirs, ours = split(movielens, params), split_in_partitions(in_partitions["movielens"], params)
        expected = evaluate(PopularityScorer(theirs.train.popularity), theirs, max_users=max_users)
        found = evaluate_in_partitions(PopularityScorer(ours.train.popularity), ours, max_users=max_users)
        np.testing.assert_array_equal(found.user_indices, expected.user_indices)
        np.testing.assert_array_equal(found.item_indices, expected.item_indices)
        assert found.metrics == pytest.approx(expected.metrics, nan_ok=True)
        for ours_of, theirs_of in zip(found.slices, expected.slices, strict=True):
            assert (ours_of.label, ours_of.n_relevant) == (theirs_of.label, theirs_of.n_relevant)
            assert ours_of.metrics == pytest.approx(theirs_of.metrics, nan_ok=True)


def test_recent_popularity_in_steps_equals_that_of_one_machine(in_partitions, movielens, monkeypatch) -> None:
    from recsys import recency
    from recsys.spark import fitting

    monkeypatch.setattr(recency, "MAX_MOMENTS", 1000)
    found = fitting.recent_popularity(in_partitions["movielens"])
    np.testing.assert_allclose(found.shares, recency.recent_popularity(movielens).shares, rtol=1e-6)


def test_what_partitions_cannot_do_is_refused_in_one_sentence(in_partitions) -> None:
    from recsys.spark import fitting
    from recsys.spark.evaluation import split as split_in_partitions

    with pytest.raises(ParameterError, match=r"item-knn .* use one of .*hybrid"):
        fitting.recommender(recipe("item-knn"), in_partitions["movielens"])
    with pytest.raises(ParameterError, match=r"the random split .* --split hash"):
        split_in_partitions(in_partitions["movielens"], SplitParams())
    small = Recipe("ease", make_params(get_method("ease"), {"max_items": 100}))
    with pytest.raises(ParameterError, match="max_items"):
        fitting.recommender(small, in_partitions["movielens"])
