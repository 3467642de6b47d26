"""The model as MLflow's pyfunc, saved as code: nothing is pickled, and this package travels with the model.

MLflow runs this file when it loads the model (models-from-code), so its last line hands over the instance.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

import mlflow
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo as LoggedModelInfo
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import Array

from recsys.errors import ArtifactError, ParameterError, did_you_mean
from recsys.model import DEFAULT_MIN_RATING, DEFAULT_N, Recommender
from recsys.storage import LOGGED_FOLDER, load_model

ARTIFACT = "model"
"""Name of the model folder among the artifacts of the logged model."""

Mode = Literal["recommend", "similar"]

DEFAULT_PARAMS: dict[str, Any] = {
    "n": DEFAULT_N,
    "min_rating": DEFAULT_MIN_RATING,
    "mode": "recommend",
    "diversity": 0.0,
}

SIGNATURE = ModelSignature(
    inputs=Schema(
        [
            ColSpec(Array(DataType.long), "movie_ids"),
            ColSpec(Array(DataType.double), "ratings", required=False),
        ]
    ),
    outputs=Schema(
        [
            ColSpec(Array(DataType.long), "movie_ids"),
            ColSpec(Array(DataType.double), "scores"),
            ColSpec(Array(DataType.string), "titles"),
        ]
    ),
    params=ParamSchema(
        [
            ParamSpec("n", DataType.long, DEFAULT_PARAMS["n"]),
            ParamSpec("min_rating", DataType.double, DEFAULT_PARAMS["min_rating"]),
            ParamSpec("mode", DataType.string, DEFAULT_PARAMS["mode"]),
            ParamSpec("diversity", DataType.double, DEFAULT_PARAMS["diversity"]),
        ]
    ),
)


class RecommenderPyfunc(PythonModel):
    """Recommends for each row of a table; see `SIGNATURE` for its columns."""

    _recommender: Recommender

    def load_context(self, context: PythonModelContext) -> None:
        """Open the model folder, after a check of its sums."""
        self._recommender, _ = load_model(Path(context.artifacts[ARTIFACT]))

    def predict(
        self,
        context: PythonModelContext,  # noqa: ARG002
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Return one row of lists for each row of the input, best movie first.

        Parameters
        ----------
        model_input
            Columns ``movie_ids`` (lists of ids) and, if given, ``ratings`` (as many stars 0.5-5 each; a missing list
            counts every movie as liked). Mode ``similar`` takes one movie id in each row.
        params
            ``n``, ``min_rating``, ``diversity`` as in `Recommender.recommend`; ``mode``: ``recommend`` or ``similar``.

        Returns
        -------
        Columns ``movie_ids``, ``scores``, ``titles``: lists of equal length. In mode ``similar`` an unknown movie gives
        empty lists, so that one bad id does not end a batch.

        Raises
        ------
        ParameterError
            For an unknown mode, or ratings that do not fit.
        """
        settings: dict[str, Any] = {
            "n": DEFAULT_N,
            "min_rating": DEFAULT_MIN_RATING,
            "mode": "recommend",
            "diversity": 0.0,
        }
        settings.update(params or {})
        mode = settings.pop("mode")
        if mode not in get_args(Mode):
            raise ParameterError(f"there is no mode {mode!r}{did_you_mean(str(mode), get_args(Mode))}")
        histories = zip(model_input["movie_ids"], _ratings_column(model_input), strict=True)
        if mode == "similar":
            rows = [self._similar(movie_ids, int(settings["n"])) for movie_ids, _ in histories]
        else:
            rows = [self._recommend(movie_ids, ratings, settings) for movie_ids, ratings in histories]
        return pd.DataFrame(rows, columns=["movie_ids", "scores", "titles"])

    def _recommend(self, movie_ids: list[int], ratings: list[float] | None, settings: dict[str, Any]) -> list[Any]:
        answer = self._recommender.recommend(
            movie_ids,
            ratings,
            n=int(settings["n"]),
            min_rating=float(settings["min_rating"]),
            diversity=float(settings["diversity"]),
        )
        return self._row(answer.item_indices, answer.scores)

    def _similar(self, movie_ids: list[int], n: int) -> list[Any]:
        if len(movie_ids) != 1:
            raise ParameterError(f"mode 'similar' takes one movie id in each row, not {len(movie_ids)}")
        if movie_ids[0] not in self._recommender.catalog.movie_ids:
            return [[], [], []]
        return self._row(*self._recommender.similar(int(movie_ids[0]), n=n))

    def _row(self, item_indices: Any, scores: Any) -> list[Any]:
        catalog = self._recommender.catalog
        return [
            catalog.movie_ids[item_indices].tolist(),
            scores.astype(float).tolist(),
            [catalog.titles[index] for index in item_indices],
        ]


def _ratings_column(model_input: pd.DataFrame) -> list[list[float] | None]:
    if "ratings" not in model_input:
        return [None] * len(model_input)
    return [None if ratings is None or ratings is pd.NA else list(ratings) for ratings in model_input["ratings"]]


def input_example(recommender: Recommender) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return a row of input and parameters that the model answers: its three best-known movies, rated."""
    best_known = recommender.popularity.argsort(kind="stable")[::-1][:3]
    movie_ids = recommender.catalog.movie_ids[best_known].tolist()
    stars = [5.0, 4.5, 3.0][: len(movie_ids)]
    return pd.DataFrame({"movie_ids": [movie_ids], "ratings": [stars]}), {"n": 5, "min_rating": DEFAULT_MIN_RATING}


def requirements() -> list[str]:
    """Return what loading the model needs, pinned to the installed versions."""
    return [f"{name}=={version(name)}" for name in ("mlflow", "numpy", "pandas")]


def log_model(folder: Path, recommender: Recommender, **logged_model: Any) -> LoggedModelInfo:
    """Log a model folder as a pyfunc to the active run, with its signature, an example, and this package.

    Parameters
    ----------
    folder
        As `recsys.storage.save_model` has written it; its name has to be that of `LOGGED_FOLDER`.
    recommender
        The same model, for the input example.
    logged_model
        Passed on to `mlflow.pyfunc.log_model`: ``name``, ``params``, ``tags``, ``registered_model_name``.
    """
    if folder.name != LOGGED_FOLDER.name:
        raise ArtifactError(f"{folder} has to be named {LOGGED_FOLDER.name}, as readers look for it by that name")
    with _without_bytecode():
        logged: LoggedModelInfo = mlflow.pyfunc.log_model(
            python_model=__file__,
            artifacts={ARTIFACT: str(folder)},
            code_paths=[str(Path(__file__).parent)],
            signature=SIGNATURE,
            input_example=input_example(recommender),
            pip_requirements=requirements(),
            **logged_model,
        )
    return logged


@contextmanager
def _without_bytecode() -> Iterator[None]:
    """Keep Python from writing bytecode into the model: MLflow imports from it before it is uploaded."""
    silent = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = silent


mlflow.models.set_model(RecommenderPyfunc())
