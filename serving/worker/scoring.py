"""MLflow's scoring protocol, answered by MLflow's own code over the published model.

MLflow is imported by the first request that needs it; a worker that is never asked stays small.
"""

import asyncio
import json
import os
from collections import OrderedDict
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from recsys.logs import take_over_logging
from serving.worker.loaded_model import LoadedModel

KEPT_MODELS = 2
"""The version served now, and the one before for requests that still hold it."""

TIMED_OUT = "Request processing time exceeded limit"
"""What MLflow's own server says."""


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
    """

    log_level: str
    _models: OrderedDict[str, Any] = field(default_factory=OrderedDict)
    _loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def invoke(self, model: LoadedModel, body: bytes, content_type: str) -> ScoringAnswer:
        """Return what `mlflow models serve` would answer for this version, without a traceback in it."""
        pyfunc = await self._model(model)
        patience = import_module("mlflow.environment_variables").MLFLOW_SCORING_SERVER_REQUEST_TIMEOUT.get()
        scored = asyncio.to_thread(_score, pyfunc, body, content_type)
        try:
            return await asyncio.wait_for(scored, patience)
        except TimeoutError:
            return ScoringAnswer(TIMED_OUT, 504, "application/json")

    async def _model(self, model: LoadedModel) -> Any:
        async with self._loading:
            if model.key not in self._models:
                self._models[model.key] = await asyncio.to_thread(self._load, model)
                if len(self._models) > KEPT_MODELS:
                    self._models.popitem(last=False)
            pyfunc = self._models[model.key]
            import_module("serving.pyfunc_loader").answer_from(pyfunc, model.recommender)
            return pyfunc

    def _load(self, model: LoadedModel) -> Any:
        os.environ.setdefault("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")
        try:
            return import_module("serving.pyfunc_loader").load_pyfunc(model.folder)
        finally:
            take_over_logging(self.log_level)


def _score(model: Any, body: bytes, content_type: str) -> ScoringAnswer:
    server: Any = import_module("mlflow.pyfunc.scoring_server")
    try:
        response, status, media_type = server.invocations(body, content_type, model, model.metadata.get_input_schema())
    except server.MlflowException as error:
        shown = _without_traceback(json.loads(error.serialize_as_json()))
        return ScoringAnswer(json.dumps(shown), error.get_http_status_code(), "application/json")
    return ScoringAnswer(response, status, media_type)


def _without_traceback(body: dict[str, Any]) -> dict[str, Any]:
    """Return MLflow's error with the same fields, of the traceback only the line that says what was wrong."""
    if "stack_trace" in body:
        body["stack_trace"] = body["stack_trace"].rstrip().rpartition("\n")[2]
    return body
