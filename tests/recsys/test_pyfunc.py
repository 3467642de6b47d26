"""The pyfunc takes what people and programs send, and bounds what it is asked for."""

import json
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc.scoring_server import invocations
from published_models import saved_pyfunc

from recsys.data import Dataset
from recsys.fitting import Recipe
from recsys.methods import get_method, make_params
from recsys.model import Recommender


@pytest.fixture(scope="module")
def recommender(tiny: Dataset) -> Recommender:
    return Recipe("hybrid", make_params(get_method("hybrid"), {})).recommender(tiny)


@pytest.fixture(scope="module")
def model(
    recommender: Recommender, tiny: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> mlflow.pyfunc.PyFuncModel:
    """Return the model as MLflow loads it, its signature enforced."""
    return mlflow.pyfunc.load_model(str(saved_pyfunc(tiny, "hybrid", tmp_path_factory.mktemp("pyfunc"))))


def answers(model: Any, records: list[dict[str, Any]], **params: Any) -> list[list[int]]:
    return model.predict(pd.DataFrame(records), params=params)["movie_ids"].tolist()


EXPECTED = {"movie_ids": [10, 50], "ratings": [5.0, 4.0]}


@pytest.mark.parametrize(
    "ratings",
    [[5, 4], (5, 4.0), np.array([5, 4]), np.array([5, 4], np.int8), np.array([5, 4], np.float32), [np.int64(5), 4]],
    ids=repr,
)
def test_predict_whole_stars_are_taken_as_any_numbers(model: Any, ratings: Any) -> None:
    assert answers(model, [{"movie_ids": [10, 50], "ratings": ratings}]) == answers(model, [EXPECTED])


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_predict_missing_list_of_ratings_counts_five_stars(model: Any, missing: Any) -> None:
    found = answers(model, [{"movie_ids": [10, 50], "ratings": missing}, EXPECTED])
    assert found == [*answers(model, [{"movie_ids": [10, 50]}]), *answers(model, [EXPECTED])]


def test_predict_mixed_rows_are_each_taken_as_they_are(model: Any) -> None:
    records = [{"movie_ids": [10], "ratings": [5]}, {"movie_ids": [30]}, {"movie_ids": [40], "ratings": [0.5]}]
    assert answers(model, records) == [answers(model, [record])[0] for record in records]


def test_predict_whole_stars_from_parquet_and_groupby(model: Any, tmp_path: Path) -> None:
    rated = pd.DataFrame({"user": [1, 1, 2], "movie_ids": [10, 50, 30], "ratings": [5, 4, 3]})
    grouped = rated.groupby("user")[["movie_ids", "ratings"]].agg(list)
    grouped.to_parquet(tmp_path / "histories.parquet")
    expected = answers(model, [EXPECTED, {"movie_ids": [30], "ratings": [3.0]}])
    assert model.predict(grouped)["movie_ids"].tolist() == expected
    assert model.predict(pd.read_parquet(tmp_path / "histories.parquet"))["movie_ids"].tolist() == expected


def test_predict_keeps_the_index(model: Any) -> None:
    table = pd.DataFrame({"movie_ids": [[10], [30], [40]]}, index=["ann", "bob", "ann"])
    assert model.predict(table).index.tolist() == ["ann", "bob", "ann"]
    assert model.predict(table, params={"mode": "similar"}).index.tolist() == ["ann", "bob", "ann"]


def test_predict_null_parameters_have_their_defaults(model: Any) -> None:
    nothing = dict.fromkeys(("n", "min_rating", "mode", "diversity", "recency", "new"))
    assert answers(model, [EXPECTED], **nothing) == answers(model, [EXPECTED])


@pytest.mark.parametrize(
    ("options", "params"),
    [
        ({"n": 2}, {"n": 2}),
        ({"min_rating": 4.5}, {"min_rating": 4.5}),
        ({"recency": 1.0}, {"recency": 1.0}),
        ({"diversity": 0.5}, {"diversity": 0.5}),
        ({"n": 3, "new": 1}, {"n": 3, "new": 1}),
        ({"filter": {"genres": ["Comedy"], "year_from": 1991}},) * 2,
        ({"filter": {"exclude_movie_ids": [30, 20]}},) * 2,
        ({"filter": {"candidate_movie_ids": [30, 777]}},) * 2,
    ],
)
def test_predict_gives_what_recommend_gives(
    model: Any, recommender: Recommender, options: dict[str, Any], params: dict[str, Any]
) -> None:
    rows = [([10, 50], [5.0, 1.0]), ([], []), ([30, 30, 999], [1, 5, 4])]
    found = model.predict(pd.DataFrame(rows, columns=["movie_ids", "ratings"]), params=params)
    for (movie_ids, ratings), (_, row) in zip(rows, found.iterrows(), strict=True):
        alone = recommender.recommend(movie_ids, ratings, **options)
        assert row["movie_ids"] == recommender.catalog.movie_ids[alone.item_indices].tolist()
        assert row["scores"] == pytest.approx(alone.scores.tolist())
        assert row["titles"] == [recommender.catalog.titles[index] for index in alone.item_indices]


@pytest.mark.parametrize(
    ("record", "params", "message"),
    [
        ({"movie_ids": [10, 30], "ratings": [5]}, {}, "row 1: 2 movie_ids, but 1 ratings"),
        ({"movie_ids": [10], "ratings": [6]}, {}, "row 1: rating 6 is off the scale"),
        ({"movie_ids": [10], "ratings": [np.nan]}, {}, "row 1: rating nan is off the scale"),
        ({"movie_ids": [10], "ratings": ["5"]}, {}, "row 1: rating '5' is off the scale"),
        ({"movie_ids": [10], "ratings": [True]}, {}, "row 1: rating True is off the scale"),
        ({"movie_ids": [10], "ratings": "5"}, {}, "row 1: '5' is not a list"),
        (EXPECTED, {"n": 0}, "n=0: ask for 1 to 50"),
        (EXPECTED, {"n": 51}, "n=51: ask for 1 to 50"),
        (EXPECTED, {"diversity": 2.0}, "diversity=2"),
        (EXPECTED, {"recency": 9.0}, "recency=9"),
        (EXPECTED, {"n": 3, "new": 4}, "new=4"),
        (EXPECTED, {"min_rating": 5.5}, "min_rating=5.5: use 0 to 5 stars"),
        (EXPECTED, {"min_rating": float("nan")}, "min_rating=nan"),
        (EXPECTED, {"mode": "simlar"}, "did you mean 'similar'"),
        (EXPECTED, {"mode": "similar"}, "takes one movie id in each row, not 2"),
        (EXPECTED, {"filter": {"genres": ["Western"]}}, "the genres are Action, Comedy, Drama"),
    ],
)
def test_predict_bad_input_is_named(model: Any, record: dict[str, Any], params: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=message):
        model.predict(pd.DataFrame([{"movie_ids": [10], "ratings": [5]}, record]), params=params)


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [{"movie_ids": [10, 50], "ratings": [5, 4]}]},
        {"dataframe_records": [{"movie_ids": [10, 50], "ratings": [5, 4]}, {"movie_ids": [10]}]},
        {"dataframe_split": {"columns": ["movie_ids", "ratings"], "data": [[[10], [5]], [[10], [4.5]], [[10], None]]}},
        {"dataframe_records": [{"movie_ids": [10]}], "params": {"n": None, "filter": {"genres": ["Comedy"]}}},
        {"inputs": [{"movie_ids": [10], "ratings": [5]}]},
    ],
)
def test_invocations_take_what_json_can_say(model: Any, body: dict[str, Any]) -> None:
    answer = invocations(json.dumps(body), "application/json", model, model.metadata.get_input_schema())
    assert answer.status == 200
    predictions = json.loads(answer.response)["predictions"]
    assert all(row["movie_ids"] for row in predictions)


def test_predict_no_row_gives_no_row(model: Any) -> None:
    assert len(model.predict(pd.DataFrame({"movie_ids": []}))) == 0
