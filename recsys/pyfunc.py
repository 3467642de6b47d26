"""The model as MLflow's pyfunc, saved as code: nothing is pickled, and this package travels with the model.

MLflow runs `recsys/pyfunc_model.py` when it loads the model (models-from-code).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.models.model import ModelInfo as LoggedModelInfo
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
from mlflow.types.schema import AnyType, Array, Object, Property
from numpy.typing import NDArray

from recsys.errors import ArtifactError, ParameterError, UnknownMovieError, did_you_mean
from recsys.filter import Allowed, allowed_movies, as_filter
from recsys.model import Recommender
from recsys.movie_ids import is_whole, whole_id
from recsys.pyfunc_input import read_list, read_rows
from recsys.question import DEFAULT_N, MAX_N, check_question
from recsys.storage import LOGGED_FOLDER, load_model

ARTIFACT = "model"
"""Name of the model folder among the artifacts of the logged model."""

PACKAGE = Path(__file__).parent
MODEL_CODE = PACKAGE / "pyfunc_model.py"
"""The package `recsys`, which is copied into every logged model, and what MLflow runs in it to load the model."""

Mode = Literal["recommend", "similar"]

FILTER = Object(
    [
        Property("genres", Array(DataType.string), required=False),
        Property("not_genres", Array(DataType.string), required=False),
        Property("year_from", DataType.long, required=False),
        Property("year_to", DataType.long, required=False),
        Property("exclude_movie_ids", Array(DataType.long), required=False),
        Property("candidate_movie_ids", Array(DataType.long), required=False),
    ]
)
"""The fields of `recsys.filter.MovieFilter`, as MLflow's signatures spell them."""

SIGNATURE = ModelSignature(
    inputs=Schema(
        [
            ColSpec(Array(DataType.long), "movie_ids"),
            # MLflow refuses whole numbers and missing lists where doubles are asked for; `pyfunc_input` checks instead.
            ColSpec(AnyType(), "ratings", required=False),  # type: ignore[no-untyped-call]  # of MLflow
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
            ParamSpec("n", DataType.long, DEFAULT_N),
            ParamSpec("min_rating", DataType.double, None),
            ParamSpec("mode", DataType.string, "recommend"),
            ParamSpec("diversity", DataType.double, 0.0),
            ParamSpec("recency", DataType.double, None),
            ParamSpec("new", DataType.long, 0),
            ParamSpec("filter", FILTER, {}),
        ]
    ),
)

DEFAULT_PARAMS: dict[str, Any] = {spec.name: spec.default for spec in SIGNATURE.params}

Lists = tuple[list[list[int]], list[list[float]], list[list[str]]]


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
        """Return one row of lists for each row of the input, under the same index, best movie first.

        Parameters
        ----------
        model_input
            Columns ``movie_ids`` (lists of ids) and, if given, ``ratings`` (as many stars 0.5-5 each; a missing list
            counts every movie as liked). Mode ``similar`` takes one movie id in each row.
        params
            ``n`` (1 to 50), ``min_rating``, ``diversity``, ``recency``, ``new``, ``filter`` as in
            `Recommender.recommend`; ``mode``: ``recommend`` or ``similar``. One that is null has its default.

        Returns
        -------
        Columns ``movie_ids``, ``scores``, ``titles``: lists of equal length. In mode ``similar`` an unknown movie gives
        empty lists, so that one bad id does not end a batch.

        Raises
        ------
        ParameterError
            For an unknown mode, a parameter out of its range, or ratings that do not fit.
        """
        given = {name: value for name, value in (params or {}).items() if value is not None}
        settings = {**DEFAULT_PARAMS, **given}
        mode = settings.pop("mode")
        if mode not in get_args(Mode):
            raise ParameterError(f"there is no mode {mode!r}{did_you_mean(str(mode), get_args(Mode))}")
        if not is_whole(settings["n"]) or not 1 <= settings["n"] <= MAX_N:
            raise ParameterError(f"n={settings['n']}: ask for 1 to {MAX_N} movies a row")
        allowed = allowed_movies(self._recommender.catalog, as_filter(settings.pop("filter")))
        if mode == "similar":
            lists = self._similar(model_input, settings["n"], allowed)
        else:
            lists = self._recommend(model_input, settings, allowed)
        columns = dict(zip(("movie_ids", "scores", "titles"), lists, strict=True))
        return pd.DataFrame(columns, index=model_input.index)

    def _recommend(self, table: pd.DataFrame, settings: dict[str, Any], allowed: Allowed | None) -> Lists:
        check_question(**settings)
        min_rating = settings.pop("min_rating")
        recommender = self._recommender
        answers = [
            recommender.recommend_for(recommender.history_of(stars_of, min_rating), allowed=allowed, **settings)
            for stars_of in read_rows(table)
        ]
        return self._lists([(answer.item_indices, answer.scores) for answer in answers])

    def _similar(self, table: pd.DataFrame, n: int, allowed: Allowed | None) -> Lists:
        found = []
        for place, cell in enumerate(table["movie_ids"]):
            movie_ids = read_list(cell, place) or []
            if len(movie_ids) != 1:
                raise ParameterError(f"mode 'similar' takes one movie id in each row, not {len(movie_ids)}")
            try:
                row = self._recommender.shown_index_of(whole_id(movie_ids[0], f"row {place}: "))
            except UnknownMovieError:
                found.append((np.zeros(0, np.int64), np.zeros(0, np.float32)))
            else:
                found.append(self._recommender.similar_to(row, n, allowed))
        return self._lists(found)

    def _lists(self, found: list[tuple[NDArray[np.int64], NDArray[np.float32]]]) -> Lists:
        catalog = self._recommender.catalog
        return (
            [catalog.movie_ids[rows].tolist() for rows, _ in found],
            [scores.astype(float).tolist() for _, scores in found],
            [[catalog.titles[row] for row in rows.tolist()] for rows, _ in found],
        )


def input_example(recommender: Recommender) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return a row of input and parameters that the model answers: its three best-known movies, rated."""
    best_known = recommender.popularity.argsort(kind="stable")[::-1][:3]
    movie_ids = recommender.catalog.movie_ids[best_known].tolist()
    stars = [5.0, 4.5, 3.0][: len(movie_ids)]
    return pd.DataFrame({"movie_ids": [movie_ids], "ratings": [stars]}), {"n": 5}


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
            python_model=str(MODEL_CODE),
            artifacts={ARTIFACT: str(folder)},
            code_paths=[str(PACKAGE)],
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
