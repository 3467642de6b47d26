"""The job that tries a candidate out: its code runs here, in a process without secrets that is gone afterwards."""

import math
import os
import resource
import socket
from pathlib import Path
from typing import Any

from recsys.errors import ArtifactError
from recsys.pyfunc import input_example
from recsys.storage import LOGGED_FOLDER, load_model
from serving.mlflow_child.answering import answer_of, take_over
from serving.pyfunc_loader import load_pyfunc
from serving.shared.messages import Messages


def run_smoke_test(connection: socket.socket) -> None:
    """Try the version in the folder that the first message names, and answer with nothing or with an error."""
    messages = Messages(connection)
    start = messages.receive()
    take_over(start)
    os.chdir(start["scratch"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    messages.send(answer_of(lambda: smoke_test(Path(start["folder"]))))


def smoke_test(folder: Path) -> None:
    """Load a verified version as pyfunc and let it answer once.

    Raises
    ------
    ArtifactError
        When it does not load, or its answer is not a list of known movies with finite scores.
    """
    recommender, _ = load_model(folder / LOGGED_FOLDER)
    question, params = input_example(recommender)
    try:
        answer: Any = load_pyfunc(folder).predict(question, params=params)
        movie_ids, scores = list(answer["movie_ids"][0]), list(answer["scores"][0])
    except Exception as error:
        raise ArtifactError(f"the model does not answer: {type(error).__name__}: {error}") from error
    known = set(recommender.catalog.movie_ids.tolist()) - set(question["movie_ids"][0])
    if not set(movie_ids) <= known or not all(map(math.isfinite, scores)) or bool(movie_ids) != bool(known):
        raise ArtifactError(f"the smoke test failed: movies {movie_ids}, scores {scores}")
