"""MLflow's scoring protocol, answered by MLflow's own code over the published model.

MLflow is imported by the first request that needs it; a worker that is never asked stays small. Tables are scored in
slots, threads of their own, so that nothing else waits for them; in parts, so that what nobody waits for any more ends.
"""

import asyncio
import contextvars
import json
import os
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from loguru import logger

from recsys.errors import ModelUnavailableError
from recsys.logs import take_over_logging
from recsys.setting_groups import LimitSettings
from serving.worker.error_answers import shortened
from serving.worker.errors import RequestTooLargeError, TooManyRequestsError, UnreadableTableError
from serving.worker.loaded_model import LoadedModel
from serving.worker.scoring_limits import check_rows, check_table

KEPT_MODELS = 2
"""The version served now, and the one before for requests that still hold it."""

PART_ROWS = 100
"""Between so many rows it is looked whether anybody still waits for them."""

MAX_WAITING = 8
"""So many tables wait for a slot; the callers of further ones are told to come back."""

SLOT_SECONDS = 30.0
"""How long a table may wait for a slot; while a new version is loaded, or MLflow imported, that takes seconds."""

TIMED_OUT = "Request processing time exceeded limit"
"""What MLflow's own server says."""

UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What MLflow and pandas raise over tables that they do not expect."""


class NobodyWaitsError(Exception):
    """The caller has gone, or has been told that it took too long."""


@dataclass(frozen=True)
class ScoringAnswer:
    """An answer as `mlflow models serve` gives it."""

    content: str
    status: int
    media_type: str


@dataclass
class Scoring:
    """Answers ``/invocations``.

    Attributes
    ----------
    log_level
        What is logged; MLflow's import sets up logging its own way, which is undone.
    limits
        Slots, and the size of a table.
    on_harm
        Called when the files of a version cannot be loaded, so that they are checked.
    """

    log_level: str
    limits: LimitSettings
    on_harm: Callable[[], None]
    _models: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self._threads = ThreadPoolExecutor(self.limits.scoring_slots, thread_name_prefix="scoring")
        self._slots = asyncio.Semaphore(self.limits.scoring_slots)
        self._n_waiting = 0

    async def invoke(
        self, model: LoadedModel, body: bytes, content_type: str, gone: Callable[[], Coroutine[Any, Any, None]]
    ) -> ScoringAnswer | None:
        """Return what `mlflow models serve` would answer for this version, without a traceback in it.

        None when ``gone`` has returned first: the caller has left.

        Raises
        ------
        TooManyRequestsError
            When all slots stay taken.
        ModelUnavailableError
            When the version cannot be loaded as a pyfunc.
        RecsysError
            As `check_table`.
        """
        await self._take_slot()
        job = _Job(body, content_type)
        try:
            pyfunc = await self._model(model)
        except BaseException:
            self._slots.release()
            raise
        # The slot is free when the thread is, which may be after the caller has been answered.
        # What MLflow logs meanwhile belongs to this request.
        in_context = contextvars.copy_context().run
        scored = asyncio.get_running_loop().run_in_executor(self._threads, in_context, job.score, pyfunc, self.limits)
        scored.add_done_callback(self._free_slot)
        async with _waiting(gone, job) as leaving:
            either: list[asyncio.Future[Any]] = [scored, leaving]
            await asyncio.wait(either, timeout=_patience(), return_when=asyncio.FIRST_COMPLETED)
            if scored.done():
                return scored.result()
            return None if leaving.done() else ScoringAnswer(TIMED_OUT, 504, "application/json")

    async def _take_slot(self) -> None:
        if self._n_waiting < MAX_WAITING:
            self._n_waiting += 1
            try:
                async with asyncio.timeout(SLOT_SECONDS):
                    await self._slots.acquire()
                return
            except TimeoutError:
                pass
            finally:
                self._n_waiting -= 1
        raise TooManyRequestsError(
            f"this worker scores {self.limits.scoring_slots} tables at a time, and all slots are taken; try again soon"
        )

    def _free_slot(self, scored: "asyncio.Future[ScoringAnswer]") -> None:
        self._slots.release()
        if not scored.cancelled():
            scored.exception()  # has been seen, also where nobody waits for it any more

    async def _model(self, model: LoadedModel) -> Any:
        async with self._loading:
            if model.key not in self._models:
                loop = asyncio.get_running_loop()
                self._models[model.key] = await loop.run_in_executor(self._threads, self._load, model)
                if len(self._models) > KEPT_MODELS:
                    self._models.popitem(last=False)
            pyfunc = self._models[model.key]
            import_module("serving.pyfunc_loader").answer_from(pyfunc, model.recommender)
            return pyfunc

    def _load(self, model: LoadedModel) -> Any:
        os.environ.setdefault("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")
        try:
            # It brings its own code, which nothing else has read since it was published.
            model.check_files()
            return import_module("serving.pyfunc_loader").load_pyfunc(model.folder)
        except Exception as error:  # noqa: BLE001  the version's own code may raise anything
            logger.error("version {} cannot be loaded for scoring: {}: {}", model.version, type(error).__name__, error)
            self.on_harm()
            raise ModelUnavailableError(
                f"version {model.version} cannot be loaded for scoring; its files are being checked, and fetched again "
                "where they are harmed; try again soon"
            ) from None
        finally:
            take_over_logging(self.log_level)


@asynccontextmanager
async def _waiting(gone: Callable[[], Coroutine[Any, Any, None]], job: "_Job") -> AsyncIterator["asyncio.Task[None]"]:
    """Yield a future of the caller's leaving; at the end, whatever it was, nobody waits for the job any more."""
    leaving = asyncio.create_task(gone())
    try:
        yield leaving
    finally:
        leaving.cancel()
        job.abandoned.set()


def _patience() -> float:
    seconds: int = import_module("mlflow.environment_variables").MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT.get()
    return seconds


class _Job:
    """A table to score, in a thread."""

    def __init__(self, body: bytes, content_type: str) -> None:
        self._body = body
        self._content_type = content_type
        self.abandoned = threading.Event()

    def score(self, pyfunc: Any, limits: LimitSettings) -> ScoringAnswer:
        """Return the answer."""
        check_table(self._body, self._content_type, limits)
        server: Any = import_module("mlflow.pyfunc.scoring_server")
        schema = pyfunc.metadata.get_input_schema()
        parts = _InParts(pyfunc, self.abandoned, limits)
        try:
            response, status, media_type = server.invocations(self._body, self._content_type, parts, schema)
        except server.MlflowException as error:
            if parts.too_large is not None:
                raise parts.too_large from None
            shown = _without_traceback(json.loads(error.serialize_as_json()))
            return ScoringAnswer(json.dumps(shown), error.get_http_status_code(), "application/json")
        except UNREADABLE as error:
            raise UnreadableTableError(f"the table cannot be read: {str(error)[:200]}") from error
        return ScoringAnswer(response, status, media_type)


class _InParts:
    """A pyfunc that scores the rows of a table, which do not depend on each other, part by part."""

    def __init__(self, pyfunc: Any, abandoned: threading.Event, limits: LimitSettings) -> None:
        self._pyfunc = pyfunc
        self._abandoned = abandoned
        self._limits = limits
        self.too_large: RequestTooLargeError | None = None
        """Why the table was not scored; MLflow makes an error of its own of whatever is raised in here."""
        self.metadata = pyfunc.metadata

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """Return what the pyfunc returns for the whole table."""
        pandas: Any = import_module("pandas")
        if isinstance(data, pandas.DataFrame):
            self._check_rows(len(data))
        if not isinstance(data, pandas.DataFrame) or len(data) <= PART_ROWS:
            return self._pyfunc.predict(data, params=params)
        found = []
        for start in range(0, len(data), PART_ROWS):
            if self._abandoned.is_set():
                raise NobodyWaitsError
            found.append(self._pyfunc.predict(data.iloc[start : start + PART_ROWS], params=params))
        return pandas.concat(found, ignore_index=True)

    def _check_rows(self, n_rows: int) -> None:
        """Refuse what pandas has made more rows of than the body has told of."""
        try:
            check_rows(n_rows, self._limits)
        except RequestTooLargeError as error:
            self.too_large = error
            raise


def _without_traceback(body: dict[str, Any]) -> dict[str, Any]:
    """Return MLflow's error with the same fields, cut, of the traceback only the line that says what was wrong."""
    if "stack_trace" in body:
        body["stack_trace"] = body["stack_trace"].rstrip().rpartition("\n")[2]
    return {name: shortened(value) if isinstance(value, str) else value for name, value in body.items()}
