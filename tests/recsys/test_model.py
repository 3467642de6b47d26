"""Recommend, similar and explain on a model whose answers are worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from builders import make_catalog

from recsys.errors import ParameterError, UnknownMovieError
from recsys.filter import MovieFilter
from recsys.item_matrix import DenseItemMatrix
from recsys.model import Recommender
from recsys.recency import RecentPopularity, all_time_popularity


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


FOUR_STARS = 3**0.3 * 2**0.7
"""What four stars weigh; five weigh 3 and one weighs -1."""


def test_recommend_adds_up_rows_weighted_by_rating(model: Recommender) -> None:
    answer = model.recommend([1, 2], [4, 5])
    assert answer.item_indices.tolist() == [2, 3]
    assert answer.scores.tolist() == pytest.approx([FOUR_STARS + 6, FOUR_STARS - 3])
    assert answer.strategy == "personal"


def test_recommend_disliked_movie_speaks_against(model: Recommender) -> None:
    answer = model.recommend([1, 2], [4, 1])
    assert answer.item_indices.tolist() == [3, 2]
    assert answer.scores.tolist() == pytest.approx([FOUR_STARS + 1, FOUR_STARS - 2])


def test_recommend_two_stars_say_nothing(model: Recommender) -> None:
    assert model.recommend([1, 2], [5, 2]).scores.tolist() == model.recommend([1], [5]).scores.tolist()[:2]
    assert model.recommend([2], [2]).strategy == "popular"


def test_recommend_min_rating_counts_an_equal_rating_as_liked(model: Recommender) -> None:
    assert model.recommend([1], [3.5], min_rating=3.5).strategy == "personal"
    assert model.recommend([1], [3.0], min_rating=3.5).strategy == "popular"


def test_recommend_min_rating_movies_below_are_seen_but_do_not_speak(model: Recommender) -> None:
    answer = model.recommend([1, 2], [4, 1], min_rating=3.5)
    assert answer.scores.tolist() == [4, 4]
    assert answer.item_indices.tolist() == [2, 3]


def test_recommend_min_rating_zero_counts_all_as_likes(model: Recommender) -> None:
    assert model.recommend([1, 2], [4, 1], min_rating=0).scores.tolist() == [6, 3]


def test_recommend_min_rating_exponent_zero_counts_every_liked_movie_alike(model: Recommender) -> None:
    flat = replace(model, rating_exponent=0)
    assert flat.recommend([1, 2], [4, 5], min_rating=0).scores.tolist() == [3, 0]


def test_recommend_without_ratings_counts_five_stars(model: Recommender) -> None:
    assert model.recommend([1]).scores.tolist() == [3, 3, 0]


def test_recommend_movie_given_twice_counts_once_with_the_last_rating(model: Recommender) -> None:
    assert model.recommend([1, 1], [5, 4]).scores.tolist() == pytest.approx([FOUR_STARS, FOUR_STARS, 0])


def test_recommend_popular_gives_shares_of_recent_users_ties_by_id(model: Recommender) -> None:
    answer = replace(model, recent=all_time_popularity(model.popularity, 10)).recommend([], n=3)
    assert answer.strategy == "popular"
    assert answer.item_indices.tolist() == [1, 2, 3]
    assert answer.scores.tolist() == pytest.approx([0.9, 0.5, 0.5])


def test_recommend_popular_of_late_beats_popular_ever(model: Recommender) -> None:
    lately = replace(model, recent=RecentPopularity(np.array([0.4, 0.1, 0, 0.2], np.float32), 5.0))
    assert lately.recommend([], n=4).item_indices.tolist() == [0, 3, 1, 2]


def test_recommend_dislikes_only_moves_similar_popular_movies_down(model: Recommender) -> None:
    # 4 is 0.9 alike to 3 and 1 is 0.5 alike: one star takes as much of their shares, 1.5 stars half as much.
    answer = replace(model, recent=all_time_popularity(model.popularity, 10)).recommend([3], [1.5], n=4)
    assert answer.strategy == "popular"
    assert answer.item_indices.tolist() == [1, 3, 0]
    assert answer.scores.tolist() == pytest.approx([0.9, 0.5 * 0.55, 0.1 * 0.75])


def test_recommend_likes_outweighed_by_dislikes_falls_back_on_popular_movies(model: Recommender) -> None:
    negative = replace(model, item_weights=DenseItemMatrix(-np.ones((4, 4), np.float32)))
    assert negative.recommend([1], [5]).strategy == "popular"


def test_recommend_recency_raises_what_is_rated_more_lately(model: Recommender) -> None:
    # Expected counts of the recent 40 ratings are 2, 18, 10, 10; movie 4 has 31 of them, movie 3 has 4.
    recent = RecentPopularity(np.array([0.05, 0.3, 0.4, 3.1], np.float32) / 4, 40.0)
    model = replace(model, recent=recent)
    assert model.recommend([1], [5], n=2).scores.tolist() == [3, 3]
    raised = model.recommend([1], [5], n=2, recency=1)
    assert raised.item_indices.tolist() == [3, 2]
    expected = model.popularity * 38.5 / 20
    assert raised.scores.tolist() == pytest.approx([3 * 32 / (expected[3] + 1), 3 * 5 / (expected[2] + 1)], rel=1e-5)
    assert replace(model, recency=1.0).recommend([1], [5], n=2).scores.tolist() == raised.scores.tolist()
    assert replace(model, recency=1.0).recommend([1], [5], n=2, recency=0).scores.tolist() == [3, 3]


def test_recommend_new_gives_the_last_places_to_unrated_movies(model: Recommender) -> None:
    new = replace(model, popularity=np.array([1, 9, 5, 0]))
    answer = new.recommend([1], [5], n=2, new=1)
    assert answer.item_indices.tolist() == [2, 3]
    assert answer.n_new == 1
    assert new.recommend([2], [5], n=2, new=1).n_new == 0, "what scores below zero fills no place for new movies"
    assert new.recommend([], n=2, new=1).n_new == 0


def test_recommend_filter_fills_the_list_from_what_is_allowed(model: Recommender) -> None:
    answer = model.recommend([2], [5], n=2, filter={"exclude_movie_ids": [3]})
    assert answer.item_indices.tolist() == [0, 3]
    only = model.recommend([2], [5], n=2, filter=MovieFilter(candidate_movie_ids=(4, 77, 2)))
    assert only.item_indices.tolist() == [3]
    assert only.unknown_movie_ids == (77,)


def test_recommend_hidden_movies_never_come_up_nor_are_named(model: Recommender) -> None:
    hiding = model.hiding([3, 99])
    assert hiding.recommend([1, 2], [5, 5], n=4).item_indices.tolist() == [3]
    assert hiding.recommend([], n=4).item_indices.tolist() == [1, 3, 0]
    assert hiding.similar(1)[0].tolist() == [3]
    with pytest.raises(UnknownMovieError, match="movie 3"):
        hiding.similar(3)
    history = hiding.history([1, 2], [5, 5])
    assert model.hiding([2]).explain(np.array([2]), history) == [[0]]
    assert model.hiding([]).hidden is None


def test_recommend_hidden_movie_speaks_as_before(model: Recommender) -> None:
    assert model.hiding([2]).recommend([2], [5]).scores[0] == model.recommend([2], [5]).scores[0]


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
        ({"movie_ids": [1], "recency": 2.5}, "recency=2.5"),
        ({"movie_ids": [1], "new": 11}, "new=11: use 0 .off. to n=10"),
        (
            {"movie_ids": [1], "filter": {"genre": ["Action"]}},
            "no parameter 'genre' of the filter",
        ),
        (
            {"movie_ids": [1], "filter": {"genres": ["Western"]}},
            "the genres are Action, Comedy, Drama",
        ),
        ({"movie_ids": [1], "filter": {"year_from": 2000, "year_to": 1990}}, "year_from=2000 is after year_to=1990"),
        ({"movie_ids": [1], "filter": "Action"}, "is not a mapping"),
    ],
)
def test_recommend_bad_question_is_refused(model: Recommender, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        model.recommend(**arguments)  # type: ignore[arg-type]


def test_explain_leaves_out_what_spoke_against(model: Recommender) -> None:
    history = model.history([1, 2], [4, 5])
    reasons = model.explain(np.array([2, 3]), history)
    assert reasons == [[1, 0], [0]]


def test_reasons_shares_are_parts_of_what_liked_movies_give(model: Recommender) -> None:
    reasons = model.reasons(np.array([2, 3]), model.history([1, 2], [5, 5]))
    assert reasons.because == [[1, 0], [0]]
    assert reasons.shares == [[0.667, 0.333], [1.0]]
    assert reasons.despite == [None, None], "2 speaks against 4, but is liked"


def test_reasons_disliked_movie_is_named_where_it_says_much(model: Recommender) -> None:
    reasons = model.reasons(np.array([2, 3]), model.history([1, 2], [5, 1]))
    assert reasons.because == [[0], [0]], "2 speaks for 4 by being disliked, but is no reason"
    assert reasons.despite == [1, None]
    slight = replace(model, item_weights=DenseItemMatrix(model.item_weights.arrays["values"] * [[1], [0.1], [1], [1]]))
    assert slight.reasons(np.array([2]), slight.history([1, 2], [5, 1])).despite == [None]


def test_similar_orders_by_similarity_then_id(model: Recommender) -> None:
    movies, similarities = model.similar(1)
    assert movies.tolist() == [2, 3]
    assert similarities.tolist() == [0.5, 0.5]


def test_similar_unknown_movie_is_named(model: Recommender) -> None:
    with pytest.raises(UnknownMovieError, match="movie 99 is not in the catalog"):
        model.similar(99)
