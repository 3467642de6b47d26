"""What every similarity method keeps to. A method that joins is tested here by its name alone."""

import numpy as np
import pytest
from builders import make_catalog, make_dataset

from recsys.data import Dataset
from recsys.fitting import as_recommender
from recsys.history import History
from recsys.item_matrix import ItemMatrix
from recsys.methods import get_method, make_params, method_names, neighborhoods
from recsys.model import Recommender

CONTENT = {"content-cosine", "content-jaccard", "hybrid"}
"""Methods that know a movie without ratings by its content."""


def fit(method: str, dataset: Dataset) -> Recommender:
    chosen = get_method(method)
    return as_recommender(chosen.fit(dataset, make_params(chosen, {})), dataset)


def dense(matrix: ItemMatrix) -> np.ndarray:
    return np.stack([matrix.row(item_index) for item_index in range(matrix.n_items)])


@pytest.fixture(params=method_names())
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["dense", "sparse"])
def storage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Fit once as a small catalog is fitted and once as a large one is."""
    if request.param == "sparse":
        monkeypatch.setattr(neighborhoods, "DENSE_ITEMS", 0)
    return str(request.param)


@pytest.fixture
def model(method: str, storage: str, tiny: Dataset) -> Recommender:
    return fit(method, tiny)


def test_fit_any_method_gives_finite_float32_of_the_right_shape(model: Recommender) -> None:
    for matrix in (model.item_weights, model.item_similarity):
        values = dense(matrix)
        assert values.shape == (6, 6)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()


def test_similarity_any_method_is_symmetric_within_zero_and_one(model: Recommender) -> None:
    similarity = dense(model.item_similarity)
    np.testing.assert_allclose(similarity, similarity.T, atol=1e-6)
    assert similarity.min() >= 0
    assert similarity.max() <= 1


def test_fit_twice_gives_the_same_bytes(method: str, storage: str, tiny: Dataset) -> None:
    first, second = fit(method, tiny), fit(method, tiny)
    np.testing.assert_array_equal(dense(first.item_weights), dense(second.item_weights))
    np.testing.assert_array_equal(dense(first.item_similarity), dense(second.item_similarity))


def test_recommend_never_returns_a_seen_movie(model: Recommender) -> None:
    answer = model.recommend([10, 30, 40], [5, 4, 1], n=6)
    assert not set(model.catalog.movie_ids[answer.item_indices]) & {10, 30, 40}


@pytest.mark.parametrize("n", [1, 2, 50])
def test_recommend_returns_at_most_n_and_all_there_are(model: Recommender, n: int) -> None:
    answer = model.recommend([10], [5], n=n)
    assert len(answer.item_indices) == len(answer.scores) == min(n, 5)
    assert len(set(answer.item_indices)) == len(answer.item_indices)


def test_recommend_orders_by_score_then_by_movie_id(model: Recommender) -> None:
    answer = model.recommend([10, 50], [5, 4], n=6)
    order = sorted(zip(-answer.scores, answer.item_indices, strict=True))
    assert [index for _, index in order] == answer.item_indices.tolist()


def test_recommend_empty_history_gives_popular_movies(model: Recommender) -> None:
    answer = model.recommend([], [], n=3)
    assert answer.strategy == "popular"
    assert model.catalog.movie_ids[answer.item_indices].tolist() == [10, 30, 40]


def test_recommend_unknown_movies_only_gives_popular_movies_and_names_them(model: Recommender) -> None:
    answer = model.recommend([999, 7], [5, 5], n=1)
    assert answer.strategy == "popular"
    assert answer.unknown_movie_ids == (7, 999)


def test_recommend_nothing_liked_gives_popular_movies_without_the_seen(model: Recommender) -> None:
    answer = model.recommend([10, 30], [2, 2], n=1)
    assert answer.strategy == "popular"
    assert model.catalog.movie_ids[answer.item_indices].tolist() == [40]


def test_recommend_disliked_only_gives_popular_movies_less_those_alike(model: Recommender) -> None:
    answer = model.recommend([10], [1], n=6)
    assert answer.strategy == "popular"
    kept = model.recent_popularity.shares * (1 - model.item_similarity.row(0))
    assert answer.scores.tolist() == pytest.approx(kept[answer.item_indices].tolist())
    assert sorted(answer.item_indices.tolist()) == [1, 2, 3, 4, 5]
    assert (np.diff(answer.scores) <= 0).all()


def test_recommend_whole_catalog_seen_gives_an_empty_list(model: Recommender) -> None:
    answer = model.recommend([10, 20, 30, 40, 50, 60], [5] * 6)
    assert len(answer.item_indices) == 0


def contributions(model: Recommender, item_index: int, history: History) -> tuple[np.ndarray, np.ndarray]:
    """Return the movies of a history and what each adds to the score of a movie, largest first, ties by movie id."""
    added = history.weights * [model.item_weights.row(rated)[item_index] for rated in history.item_indices]
    order = np.lexsort((history.item_indices, -added))
    return history.item_indices[order], added[order]


def test_contributions_sum_up_to_the_score(model: Recommender) -> None:
    history = model.history([10, 30, 50], [5, 4, 4.5])
    answer = model.recommend_for(history, n=6)
    if answer.strategy == "popular":
        pytest.skip("a popular list has no contributions")
    for item_index, score in zip(answer.item_indices, answer.scores, strict=True):
        movies, added = contributions(model, int(item_index), history)
        assert sorted(movies) == [0, 2, 4]
        assert added.sum() == pytest.approx(score, rel=1e-4, abs=1e-6)
        assert (np.diff(added) <= 0).all()


def test_explain_names_the_largest_contributions_first(model: Recommender) -> None:
    history = model.history([10, 30, 50], [5, 4, 4.5])
    answer = model.recommend_for(history, n=6)
    for item_index, reasons in zip(answer.item_indices, model.explain(answer.item_indices, history), strict=True):
        movies, added = contributions(model, int(item_index), history)
        assert reasons == movies[added > 0][:3].tolist()


def test_similar_leaves_out_the_movie_itself_and_the_unlike(model: Recommender) -> None:
    movies, similarities = model.similar(30, n=6)
    assert 2 not in movies
    assert (similarities > 0).all()
    assert (np.diff(similarities) <= 0).all()


def test_similar_movie_without_ratings_is_found_by_its_content_or_not_at_all(model: Recommender, method: str) -> None:
    movies, _ = model.similar(20, n=6)
    assert (len(movies) > 0) == (method in CONTENT)


def test_recommend_from_a_movie_without_ratings_works_by_its_content(model: Recommender, method: str) -> None:
    answer = model.recommend([20], [5], n=2)
    assert answer.strategy == ("personal" if method in CONTENT else "popular")


def test_movie_known_by_nothing_is_similar_to_none(model: Recommender) -> None:
    assert len(model.similar(60)[0]) == 0


def test_fit_one_movie_catalog_answers(method: str, storage: str) -> None:
    dataset = make_dataset(make_catalog([(7, "Only (2000)", 2000, "Drama")]), [(1, 7, 5), (2, 7, 3)])
    model = fit(method, dataset)
    assert np.isfinite(dense(model.item_weights)).all()
    assert len(model.recommend([7], [5]).item_indices) == 0
    assert model.recommend([], []).item_indices.tolist() == [0]
    assert len(model.similar(7)[0]) == 0


def test_fit_one_user_answers(method: str, storage: str, tiny: Dataset) -> None:
    dataset = make_dataset(tiny.catalog, [(1, 10, 5), (1, 30, 3)])
    model = fit(method, dataset)
    assert np.isfinite(dense(model.item_weights)).all()
    assert len(model.recommend([10], [5], n=3).item_indices) == 3


def test_fit_part_without_ratings_answers_with_movie_ids_in_order(method: str, tiny: Dataset) -> None:
    model = fit(method, tiny.part(np.zeros(tiny.n_ratings, dtype=bool)))
    assert np.isfinite(dense(model.item_weights)).all()
    assert model.recommend([], [], n=2).item_indices.tolist() == [0, 1]


@pytest.mark.parametrize("diversity", [0.3, 1.0])
def test_recommend_diverse_returns_as_many_unseen_movies(model: Recommender, diversity: float) -> None:
    answer = model.recommend([10, 30], [5, 5], n=3, diversity=diversity)
    assert len(set(answer.item_indices)) == 3
    assert not {0, 2} & set(answer.item_indices)


def test_params_of_any_method_are_documented(method: str) -> None:
    schema = get_method(method).params_type.model_json_schema()
    for name, field in schema.get("properties", {}).items():
        assert field.get("description"), f"{method}: {name}"
