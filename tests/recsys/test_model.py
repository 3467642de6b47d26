"""Recommend, similar and explain on a model whose answers are worked out by hand."""

import numpy as np
import pytest
from builders import make_catalog

from recsys.errors import ParameterError, UnknownMovieError
from recsys.item_matrix import DenseItemMatrix
from recsys.model import Recommender


@pytest.fixture
def model() -> Recommender:
    """Return four movies; 1 speaks for 3 and 4, 2 speaks for 3 against 4."""
    weights = np.array([[0, 0, 1, 1], [0, 0, 2, -1], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=np.float32)
    similarity = np.array([[1, 0, 0.5, 0.5], [0, 1, 0, 0], [0.5, 0, 1, 0.9], [0.5, 0, 0.9, 1]], dtype=np.float32)
    return Recommender(
        catalog=make_catalog([(1, "A", 0, ""), (2, "B", 0, ""), (3, "C", 0, ""), (4, "D", 0, "")]),
        popularity=np.array([1, 9, 5, 5]),
        item_weights=DenseItemMatrix(weights),
        item_similarity=DenseItemMatrix(similarity),
    )


def test_recommend_adds_up_rows_weighted_by_rating(model: Recommender) -> None:
    answer = model.recommend([1, 2], [4, 5])
    assert answer.item_indices.tolist() == [2, 3]
    assert answer.scores.tolist() == [4 + 10, 4 - 5]
    assert answer.strategy == "personal"


def test_recommend_counts_a_rating_equal_to_min_rating_as_liked(model: Recommender) -> None:
    assert model.recommend([1], [3.5], min_rating=3.5).strategy == "personal"
    assert model.recommend([1], [3.0], min_rating=3.5).strategy == "popular"


def test_recommend_disliked_movie_is_seen_but_does_not_speak(model: Recommender) -> None:
    answer = model.recommend([1, 2], [4, 1])
    assert answer.scores.tolist() == [4, 4]
    assert answer.item_indices.tolist() == [2, 3]


def test_recommend_rating_exponent_zero_counts_every_liked_movie_alike(model: Recommender) -> None:
    flat = Recommender(model.catalog, model.popularity, model.item_weights, model.item_similarity, rating_exponent=0)
    assert flat.recommend([1, 2], [4, 5]).scores.tolist() == [3, 0]


def test_recommend_without_ratings_counts_five_stars(model: Recommender) -> None:
    assert model.recommend([1]).scores.tolist() == [5, 5, 0]


def test_recommend_movie_given_twice_counts_once_with_the_last_rating(model: Recommender) -> None:
    assert model.recommend([1, 1], [5, 4]).scores.tolist() == [4, 4, 0]


def test_recommend_popular_gives_numbers_of_ratings_ties_by_id(model: Recommender) -> None:
    answer = model.recommend([], n=3)
    assert answer.item_indices.tolist() == [1, 2, 3]
    assert answer.scores.tolist() == [9, 5, 5]


def test_recommend_diversity_one_picks_the_least_alike(model: Recommender) -> None:
    # 3 leads by score; 4 is 0.9 alike to it, 1 is 0.5 alike
    assert model.recommend([2], [5], n=2, diversity=0).item_indices.tolist() == [2, 0]
    flat = Recommender(
        model.catalog, model.popularity, DenseItemMatrix(np.ones((4, 4), np.float32)), model.item_similarity
    )
    assert flat.recommend([2], [5], n=3, diversity=0).item_indices.tolist() == [0, 2, 3]
    assert flat.recommend([2], [5], n=3, diversity=1).item_indices.tolist() == [0, 2, 3]
    assert flat.recommend([1], [5], n=2, diversity=0.5).item_indices.tolist() == [1, 2]


def test_recommend_diversity_trades_score_for_novelty() -> None:
    weights = np.zeros((4, 4), dtype=np.float32)
    weights[0] = [0, 1.0, 0.9, 0.2]
    similarity = np.eye(4, dtype=np.float32)
    similarity[1, 2] = similarity[2, 1] = 1.0
    model = Recommender(
        catalog=make_catalog([(1, "A", 0, ""), (2, "B", 0, ""), (3, "C", 0, ""), (4, "D", 0, "")]),
        popularity=np.ones(4, dtype=np.int64),
        item_weights=DenseItemMatrix(weights),
        item_similarity=DenseItemMatrix(similarity),
    )
    assert model.recommend([1], [5], n=2, diversity=0).item_indices.tolist() == [1, 2]
    # scaled scores are 1, 0.875, 0: at one half, 0.5 * 0.875 - 0.5 * 1 < 0.5 * 0 - 0.5 * 0
    assert model.recommend([1], [5], n=2, diversity=0.5).item_indices.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"movie_ids": [1, 2], "ratings": [5]}, "2 movie_ids, but 1 ratings"),
        ({"movie_ids": [1], "ratings": [5.5]}, "rating 5.5 is off the scale"),
        ({"movie_ids": [1], "ratings": [float("nan")]}, "rating nan is off the scale"),
        ({"movie_ids": [1], "n": 0}, "n=0"),
        ({"movie_ids": [1], "diversity": 1.5}, "diversity=1.5"),
    ],
)
def test_recommend_bad_question_is_refused(model: Recommender, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        model.recommend(**arguments)  # type: ignore[arg-type]


def test_explain_leaves_out_what_spoke_against(model: Recommender) -> None:
    history = model.history([1, 2], [4, 5])
    reasons = model.explain(np.array([2, 3]), history)
    assert reasons == [[1, 0], [0]]


def test_contributions_are_weight_times_entry(model: Recommender) -> None:
    movies, added = model.contributions(3, model.history([1, 2], [4, 5]))
    assert movies.tolist() == [0, 1]
    assert added.tolist() == [4, -5]


def test_similar_orders_by_similarity_then_id(model: Recommender) -> None:
    movies, similarities = model.similar(1)
    assert movies.tolist() == [2, 3]
    assert similarities.tolist() == [0.5, 0.5]


def test_similar_unknown_movie_is_named(model: Recommender) -> None:
    with pytest.raises(UnknownMovieError, match="movie 99 is not in the catalogue"):
        model.similar(99)
