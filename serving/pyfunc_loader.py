"""Loads a version in the cache as MLflow's pyfunc. Imports MLflow, so it is imported when it is first needed."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow.pyfunc
from mlflow.pyfunc import PyFuncModel

from recsys.model import Recommender


def load_pyfunc(folder: Path) -> PyFuncModel:
    """Return the model of a folder; neither the folder nor the interpreter is changed by that."""
    with _leaving_no_trace():
        loaded: PyFuncModel = _load(folder)
        return loaded


def answer_from(model: PyFuncModel, recommender: Recommender) -> None:
    """Let a pyfunc answer from a recommender of the same version that is loaded already, and so hides what that hides.

    The attribute is that of `recsys.pyfunc.RecommenderPyfunc` in every release, as versions bring their own code.
    """
    python_model: Any = model.unwrap_python_model()  # type: ignore[no-untyped-call]  # of MLflow
    python_model._recommender = recommender


def _load(folder: Path) -> PyFuncModel:
    """Load a folder; where its path holds what MLflow reads as an escape, as ``%20`` for a blank, a copy of it."""
    if "%" not in str(folder.absolute()):
        whole: PyFuncModel = mlflow.pyfunc.load_model(str(folder))
        return whole
    with tempfile.TemporaryDirectory() as scratch:
        # The arrays stay mapped after the copy is gone.
        copied: PyFuncModel = mlflow.pyfunc.load_model(str(shutil.copytree(folder, Path(scratch) / "model")))
        return copied


@contextmanager
def _leaving_no_trace() -> Iterator[None]:
    """Undo what loading a model as code does to the interpreter, and keep bytecode out of its folder."""
    path, modules, silent = list(sys.path), set(sys.modules), sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path[:] = path
        sys.dont_write_bytecode = silent
        for name in set(sys.modules) - modules:
            if name.startswith("code_model_"):
                del sys.modules[name]
