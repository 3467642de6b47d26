"""Which movies a filter allows, and that filtering while ranking equals filtering afterwards."""

from collections.abc import Callable

import numpy as np
import pytest
from builders import GENRES, make_catalog, make_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data import Dataset
from recsys.filter import MAX_FILTER_IDS, MovieFilter, allowed_movies, as_filter
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params, method_names, neighborhoods
from recsys.model import Recommender

CATALOG = make_catalog(
    [
        (10, "A", 1990, "Action"),
        (20, "B", 1991, "Action|Comedy"),
        (30, "C", 1995, "Comedy"),
        (40, "D", 0, "Drama"),
        (50, "E", 2000, ""),
    ]
)


@pytest.mark.parametrize(
    ("given_filter", "movie_ids"),
    [
        ({"genres": ["Action"]}, [10, 20]),
        ({"genres": ["action", "DRAMA"]}, [10, 20, 40]),
        ({"not_genres": ["Action"]}, [30, 40, 50]),
        ({"genres": ["Comedy"], "not_genres": ["Action"]}, [30]),
        ({"year_from": 1991}, [20, 30, 50]),
        ({"year_to": 1991}, [10, 20]),
        ({"year_from": 1991, "year_to": 1995}, [20, 30]),
        ({"year_from": 0}, [10, 20, 30, 50]),
        ({"exclude_movie_ids": [10, 50, 99]}, [20, 30, 40]),
        ({"candidate_movie_ids": [50, 10, 99, -1]}, [10, 50]),
        ({"candidate_movie_ids": []}, []),
        ({"candidate_movie_ids": np.array([10, 20]), "exclude_movie_ids": {20}}, [10]),
        ({"genres": []}, [10, 20, 30, 40, 50]),
    ],
)
def test_allowed_movies_obeys_every_field(given_filter: dict[str, object], movie_ids: list[int]) -> None:
    allowed = allowed_movies(CATALOG, as_filter(given_filter))
    found = CATALOG.movie_ids if allowed is None else CATALOG.movie_ids[allowed.mask]
    assert found.tolist() == movie_ids


def test_allowed_movies_unknown_candidates_are_named() -> None:
    allowed = allowed_movies(CATALOG, MovieFilter(candidate_movie_ids=(99, 10, 7, 99)))
    assert allowed is not None
    assert allowed.unknown_movie_ids == (7, 99)


def test_as_filter_too_many_ids_are_refused() -> None:
    with pytest.raises(Exception, match="exclude_movie_ids of the filter"):
        as_filter({"exclude_movie_ids": list(range(MAX_FILTER_IDS + 1))})
    assert as_filter({"exclude_movie_ids": list(range(MAX_FILTER_IDS))}) is not None


N_MOVIES, N_USERS = 30, 12
IDS = st.lists(st.integers(1, N_MOVIES + 3), max_size=12)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "genres": st.lists(st.sampled_from(GENRES), max_size=2),
        "not_genres": st.lists(st.sampled_from(GENRES), max_size=1),
        "year_from": st.integers(1985, 1995),
        "year_to": st.integers(1995, 2005),
        "exclude_movie_ids": IDS,
        "candidate_movie_ids": IDS,
    },
)
HISTORIES = st.dictionaries(st.integers(1, N_MOVIES + 2), st.sampled_from([0.5, 1, 2, 3, 4, 5]), max_size=6)


@pytest.fixture(scope="module")
def small() -> Dataset:
    """Return ratings of a dozen users for thirty movies, five of which nobody has rated."""
    rng = np.random.default_rng(5)
    movies = [
        (movie_id, f"M{movie_id}", int(rng.integers(1985, 2005)), "|".join(rng.choice(GENRES, rng.integers(0, 3))))
        for movie_id in range(1, N_MOVIES + 1)
    ]
    pairs = [(user, int(movie)) for user in range(N_USERS) for movie in rng.choice(25, 10, replace=False) + 1]
    return make_dataset(make_catalog(movies), [(user, movie, float(rng.integers(1, 6))) for user, movie in pairs])


@pytest.fixture(params=method_names(), scope="module")
def fitted(request: pytest.FixtureRequest, small: Dataset) -> Callable[[str], Recommender]:
    """Return a model of each method, as a small and as a large catalog is stored."""
    method = get_method(request.param)
    recipe = Recipe(method.name, make_params(method, {}))
    models = {"dense": recipe.recommender(small)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighborhoods, "DENSE_ITEMS", 0)
        models["sparse"] = recipe.recommender(small)
    return models.__getitem__


@pytest.mark.parametrize("storage", ["dense", "sparse"])
@settings(max_examples=40, deadline=None)
@given(stars_of=HISTORIES, given_filter=FILTERS, n=st.integers(1, 12), recency=st.sampled_from([0.0, 1.0]))
def test_recommend_filtering_while_ranking_equals_filtering_the_full_ranking(
    *,
    fitted: Callable[[str], Recommender],
    storage: str,
    stars_of: dict[int, float],
    given_filter: dict[str, list[str]],
    n: int,
    recency: float,
) -> None:
    model = fitted(storage)
    movie_ids, stars = list(stars_of), list(stars_of.values())
    full = model.recommend(movie_ids, stars, n=N_MOVIES, recency=recency)
    allowed = allowed_movies(model.catalog, as_filter(given_filter))
    keep = np.ones(len(full.item_indices), bool) if allowed is None else allowed.mask[full.item_indices]
    found = model.recommend(movie_ids, stars, n=n, recency=recency, filter=given_filter)
    assert found.strategy == full.strategy
    assert found.item_indices.tolist() == full.item_indices[keep][:n].tolist()
    assert found.scores.tolist() == full.scores[keep][:n].tolist()


@pytest.mark.parametrize("storage", ["dense", "sparse"])
@settings(max_examples=20, deadline=None)
@given(movie_id=st.integers(1, N_MOVIES), given_filter=FILTERS, hidden=IDS, n=st.integers(1, 12))
def test_similar_filtering_while_ranking_equals_filtering_the_full_ranking(
    *,
    fitted: Callable[[str], Recommender],
    storage: str,
    movie_id: int,
    given_filter: dict[str, list[str]],
    hidden: list[int],
    n: int,
) -> None:
    model = fitted(storage)
    hiding = model.hiding(set(hidden) - {movie_id})
    full, _ = model.similar(movie_id, n=N_MOVIES)
    allowed = allowed_movies(model.catalog, as_filter(given_filter))
    keep = np.ones(len(full), bool) if allowed is None else allowed.mask[full]
    keep &= ~np.isin(model.catalog.movie_ids[full], hidden)
    found, _ = hiding.similar(movie_id, n=n, filter=given_filter)
    assert found.tolist() == full[keep][:n].tolist()


def test_recommend_hidden_equals_exclusion(fitted: Callable[[str], Recommender]) -> None:
    model = fitted("dense")
    hidden = model.hiding([1, 2, 3]).recommend([5, 6], [5, 1], n=10)
    excluded = model.recommend([5, 6], [5, 1], n=10, filter={"exclude_movie_ids": [1, 2, 3]})
    assert hidden.item_indices.tolist() == excluded.item_indices.tolist()
