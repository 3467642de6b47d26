"""Ids are whole numbers, wherever they come in."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.data import Dataset
from recsys.errors import ParameterError, RecsysError
from recsys.filter import as_filter
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.model import Recommender
from recsys.movie_ids import whole_id, whole_ids
from recsys.pyfunc_input import read_rows


@pytest.fixture(scope="module")
def model(tiny: Dataset) -> Recommender:
    return Recipe("content-cosine", make_params(get_method("content-cosine"), {})).recommender(tiny)


NO_IDS = [True, False, np.True_, 1.0, 1.5, np.float64(1), float("nan"), "1", b"1", None, [1], 1 + 0j]


@pytest.mark.parametrize("value", [0, 1, -5, 2**62, np.int64(7), np.uint8(7), np.int32(-7)])
def test_whole_id_takes_whole_numbers(value: Any) -> None:
    assert (whole_id(value), type(whole_id(value))) == (int(value), int)


@pytest.mark.parametrize("value", NO_IDS)
def test_whole_id_refuses_what_merely_turns_into_one(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"^row 3: movie id .+ is not a whole number; give ids as the dataset has"):
        whole_id(value, "row 3: ")


def test_whole_ids_of_arrays_and_lists() -> None:
    assert whole_ids(np.array([1, 50])) == whole_ids([1, 50]) == [1, 50]
    assert whole_ids([]) == whole_ids(np.array([])) == []


@pytest.mark.parametrize("value", NO_IDS)
@pytest.mark.parametrize("field", ["exclude_movie_ids", "candidate_movie_ids"])
def test_filter_refuses_ids_that_are_none(field: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=field):
        as_filter({field: [1, value]})


@pytest.mark.parametrize("value", [True, 1990.0, "1990", np.float64(1990.5)])
def test_filter_refuses_years_that_are_none(value: Any) -> None:
    with pytest.raises(ParameterError, match="year_from"):
        as_filter({"year_from": value})


def test_filter_takes_arrays_of_numpy() -> None:
    wanted = as_filter({"candidate_movie_ids": np.array([3, 4]), "year_from": np.int32(1990)})
    assert wanted is not None
    assert (wanted.candidate_movie_ids, wanted.year_from) == ((3, 4), 1990)


@pytest.mark.parametrize("value", NO_IDS)
def test_table_with_an_id_that_is_none_names_the_row(value: Any) -> None:
    table = pd.DataFrame({"movie_ids": [[1, 2], [1, value]], "ratings": [[5.0, 4.0], [5.0, 4.0]]})
    with pytest.raises(ParameterError, match="row 1: movie id"):
        list(read_rows(table))


@pytest.mark.parametrize("value", NO_IDS)
def test_recommender_refuses_ids_that_are_none(model: Recommender, value: Any) -> None:
    for ask in (lambda: model.recommend([1, value]), lambda: model.similar(value)):
        with pytest.raises(RecsysError, match="not a whole number"):
            ask()


@pytest.mark.parametrize("value", [True, 2.0, "2"])
def test_recommender_refuses_a_length_that_is_none(model: Recommender, value: Any) -> None:
    with pytest.raises(ParameterError, match=r"^n=.* is not a whole number$"):
        model.recommend([1], n=value)
