import io
import json
from typing import Any

import pandas as pd
import pytest

from recsys.errors import ParameterError
from recsys.setting_groups import LimitSettings
from serving.worker.errors import RequestTooLargeError, UnreadableTableError
from serving.worker.scoring_limits import MAX_COLUMNS, check_table

JSON = "application/json"
LIMITS = LimitSettings(scoring_rows=10, scoring_movies=100)


def split(n_rows: int, **more: Any) -> bytes:
    return json.dumps({"dataframe_split": {"columns": ["movie_ids"], "data": [[[1]]] * n_rows}, **more}).encode()


FITTING = {
    "rows": (JSON, split(10)),
    "movies": (JSON, split(10, params={"n": 10})),
    "one_row_many_movies": (JSON, split(1, params={"n": 100})),
    "charset": (f"{JSON}; charset=utf-8", split(10)),
    "wrong_n_is_left_to_mlflow": (JSON, split(10, params={"n": "many"})),
    "negative_n_is_left_to_mlflow": (JSON, split(10, params={"n": -5})),
    "no_json_is_left_to_mlflow": (JSON, b"{"),
    "no_text_is_left_to_mlflow": (JSON, b"\xff"),
    "no_object_is_left_to_mlflow": (JSON, b"[1]"),
    "other_type_is_left_to_mlflow": ("text/plain", b"x" * 1000),
    "csv": ("text/csv", b"movie_ids\n" + b'"[1, 2]"\n' * 10),
    "no_parquet_is_left_to_mlflow": ("application/vnd.apache.parquet", b"nothing"),
}

TOO_LARGE = {
    "split": (JSON, split(11)),
    "records": (JSON, json.dumps({"dataframe_records": [{"movie_ids": [1]}] * 11}).encode()),
    "instances": (JSON, json.dumps({"instances": [{"movie_ids": [1]}] * 11}).encode()),
    "inputs": (JSON, json.dumps({"inputs": {"movie_ids": [[1]] * 11}}).encode()),
    "index_of_split": (
        JSON,
        json.dumps({"dataframe_split": {"columns": ["a"], "index": [0] * 11, "data": [[1]]}}).encode(),
    ),
    "bare_rows": (JSON, json.dumps({"inputs": [[1]] * 11}).encode()),
    "two_tables": (JSON, json.dumps({"inputs": [], "instances": [[1]] * 11}).encode()),
    "csv": ("text/csv", b"movie_ids\n" + b'"[1]"\n' * 11),
    "csv_with_charset": ("text/csv; charset=utf-8", b"movie_ids\n" + b'"[1]"\n' * 11),
    "columns_of_split": (JSON, json.dumps({"dataframe_split": {"columns": ["a"] * 101, "data": []}}).encode()),
    "width_of_split": (JSON, json.dumps({"dataframe_split": {"columns": ["a"], "data": [[1] * 101]}}).encode()),
    "keys_of_records": (JSON, json.dumps({"dataframe_records": [{str(i): 1} for i in range(10)] * 1}).encode()),
    "keys_of_inputs": (JSON, json.dumps({"inputs": {str(i): [1] for i in range(101)}}).encode()),
    "columns_of_csv": ("text/csv", b"a," * MAX_COLUMNS + b"a\n"),
    "width_of_csv": ("text/csv", b"a\n" + b"1," * MAX_COLUMNS + b"1\n"),
}
TOO_LARGE["keys_of_records"] = (
    JSON,
    json.dumps({"dataframe_records": [{str(i + j): 1 for i in range(11)} for j in range(0, 110, 11)]}).encode(),
)

UNREADABLE = {
    "5000_digits": (JSON, b'{"inputs": ' + b"9" * 5000 + b"}"),
    "5000_digits_of_n": (JSON, b'{"inputs": [], "params": {"n": ' + b"9" * 5000 + b"}}"),
    "deep": (JSON, b"[" * 60_000 + b"]" * 60_000),
    "deep_objects": (JSON, b'{"a":' * 40_000 + b"1" + b"}" * 40_000),
}


@pytest.mark.parametrize("name", FITTING)
def test_table_that_fits_or_that_mlflow_judges_passes(name: str) -> None:
    content_type, body = FITTING[name]
    check_table(body, content_type, LIMITS)


@pytest.mark.parametrize("name", TOO_LARGE)
def test_table_that_is_too_large_is_refused(name: str) -> None:
    content_type, body = TOO_LARGE[name]
    with pytest.raises(RequestTooLargeError, match="a table to score has at most"):
        check_table(body, content_type, LIMITS)


@pytest.mark.parametrize("n", [11, 10**6, 1e18])
def test_more_movies_than_an_answer_holds_are_refused(n: float) -> None:
    with pytest.raises(ParameterError, match="one answer holds at most 100 movies"):
        check_table(split(10, params={"n": n}), JSON, LIMITS)


@pytest.mark.parametrize("name", UNREADABLE)
def test_json_that_python_cannot_read_is_refused(name: str) -> None:
    content_type, body = UNREADABLE[name]
    with pytest.raises(UnreadableTableError):
        check_table(body, content_type, LIMITS)


def test_parquet_file_of_many_rows_in_few_bytes_is_refused() -> None:
    packed = io.BytesIO()
    pd.DataFrame({"movie_ids": [1] * 3_000_000}).to_parquet(packed, index=False)
    assert len(packed.getvalue()) < 256 * 1024
    with pytest.raises(RequestTooLargeError, match="3000000 values"):
        check_table(packed.getvalue(), "application/vnd.apache.parquet", LIMITS)


def test_parquet_file_of_one_text_a_million_times_is_refused_unread() -> None:
    packed = io.BytesIO()
    pd.DataFrame({"movie_ids": [["x" * 1000] * 100_000]}).to_parquet(packed, index=False, compression="zstd")
    assert len(packed.getvalue()) < 8192
    with pytest.raises(UnreadableTableError, match="more than numbers"):
        check_table(packed.getvalue(), "application/vnd.apache.parquet", LIMITS)


def test_parquet_file_of_lists_of_numbers_passes() -> None:
    packed = io.BytesIO()
    pd.DataFrame({"movie_ids": [[1, 2]], "ratings": [[5.0, 4.5]]}).to_parquet(packed, index=False)
    check_table(packed.getvalue(), "application/vnd.apache.parquet", LIMITS)
