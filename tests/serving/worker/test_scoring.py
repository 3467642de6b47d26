"""Slots of the scoring protocol, over a pyfunc of the tests whose speed they decide."""

import asyncio
import json
import threading
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from mlflow.types import ColSpec, DataType, Schema

from recsys.log_lines import REQUEST, RequestFields
from recsys.setting_groups import LimitSettings
from serving.worker import scoring as scoring_module
from serving.worker.errors import RequestTooLargeError, TooManyRequestsError
from serving.worker.loaded_model import LoadedModel
from serving.worker.scoring import PART_ROWS, Scoring, ScoringAnswer

MODEL: Any = SimpleNamespace(key="one", recommender=None)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_module, "SLOT_SECONDS", 0.2)


class Held:
    """A pyfunc that answers each part once it is let go on."""

    def __init__(self) -> None:
        self.goes_on = threading.Event()
        self.begun = threading.Event()
        self.n_parts = 0
        self.metadata = SimpleNamespace(
            get_input_schema=lambda: Schema([ColSpec(DataType.long, "a")]), signature=None, flavors={}
        )

    def unwrap_python_model(self) -> Any:
        return SimpleNamespace()

    def predict(self, data: pd.DataFrame, params: Any = None) -> pd.DataFrame:  # noqa: ARG002
        self.n_parts += 1
        self.begun.set()
        assert self.goes_on.wait(60)
        return data


def table(n_rows: int) -> bytes:
    return json.dumps({"dataframe_split": {"columns": ["a"], "data": [[row] for row in range(n_rows)]}}).encode()


async def never() -> None:
    await asyncio.Event().wait()


def scoring_over(pyfunc: Held, slots: int = 1) -> Scoring:
    scoring = Scoring("INFO", LimitSettings(scoring_slots=slots), on_harm=lambda: None)
    scoring._models[MODEL.key] = pyfunc
    return scoring


async def invoke(scoring: Scoring, n_rows: int = 1, gone: Any = never) -> ScoringAnswer | None:
    model: LoadedModel = MODEL
    return await scoring.invoke(model, table(n_rows), "application/json", gone)


def test_table_in_parts_is_answered_as_a_whole() -> None:
    held = Held()
    held.goes_on.set()
    answer = asyncio.run(invoke(scoring_over(held), 3 * PART_ROWS + 1))
    assert answer is not None
    assert [row["a"] for row in json.loads(answer.content)["predictions"]] == list(range(3 * PART_ROWS + 1))
    assert held.n_parts == 4


def test_table_that_pandas_makes_more_rows_of_is_refused() -> None:
    held = Held()
    body = json.dumps({"dataframe_split": {"columns": ["a"], "data": {"a": dict.fromkeys(range(1001), 1)}}}).encode()

    async def run() -> None:
        model: LoadedModel = MODEL
        with pytest.raises(RequestTooLargeError, match="1001 rows"):
            await scoring_over(held).invoke(model, body, "application/json", never)

    asyncio.run(run())
    assert held.n_parts == 0


def test_line_of_a_library_while_scoring_carries_the_id_of_the_request() -> None:
    held, seen = Held(), []
    held.goes_on.set()
    held.predict = lambda data, params=None: (seen.append(REQUEST.get()), data)[1]  # type: ignore[method-assign]  # noqa: ARG005

    async def run() -> None:
        REQUEST.set(RequestFields("id-1", "POST", "/invocations"))
        await invoke(scoring_over(held))

    asyncio.run(run())
    assert [fields.correlation_id for fields in seen if fields] == ["id-1"]


def test_all_slots_taken_the_next_is_told_to_come_back_and_later_served(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held()

    async def run() -> ScoringAnswer | None:
        scoring = scoring_over(held, slots=2)
        first = [asyncio.create_task(invoke(scoring)) for _ in range(2)]
        await asyncio.to_thread(held.begun.wait)
        with pytest.raises(TooManyRequestsError, match="2 tables at a time"):
            await invoke(scoring)
        held.goes_on.set()
        monkeypatch.setattr(scoring_module, "SLOT_SECONDS", 60.0)
        await asyncio.gather(*first)
        return await invoke(scoring)

    answer = asyncio.run(run())
    assert answer is not None
    assert answer.status == 200


def test_more_tables_than_may_wait_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring_module, "SLOT_SECONDS", 60.0)
    held = Held()

    async def run() -> list[Any]:
        scoring = scoring_over(held)
        jobs = [asyncio.create_task(invoke(scoring)) for _ in range(1 + scoring_module.MAX_WAITING)]
        await asyncio.to_thread(held.begun.wait)
        with pytest.raises(TooManyRequestsError):
            await invoke(scoring)
        held.goes_on.set()
        return await asyncio.gather(*jobs)

    assert {answer.status for answer in asyncio.run(run())} == {200}


def test_work_that_nobody_waits_for_ends_and_frees_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held()

    async def run() -> None:
        scoring = scoring_over(held)
        leaves = asyncio.Event()

        async def gone() -> None:
            await leaves.wait()

        job = asyncio.create_task(invoke(scoring, 9 * PART_ROWS, gone))
        await asyncio.to_thread(held.begun.wait)
        leaves.set()
        assert await job is None
        with pytest.raises(TooManyRequestsError):
            await invoke(scoring)
        held.goes_on.set()
        monkeypatch.setattr(scoring_module, "SLOT_SECONDS", 60.0)
        assert (await invoke(scoring)) is not None

    asyncio.run(run())
    assert held.n_parts == 2, "one part of the nine, and the table after it"


def test_table_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT", "1")
    held = Held()

    async def run() -> ScoringAnswer | None:
        answer = await invoke(scoring_over(held), 9 * PART_ROWS)
        held.goes_on.set()
        return answer

    answer = asyncio.run(run())
    assert answer is not None
    assert answer.status == 504
    assert held.n_parts == 1
