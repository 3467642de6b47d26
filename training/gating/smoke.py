"""Smoke predictions: whether a model answers at all, with sane lists."""

import tempfile
from pathlib import Path

import numpy as np

from recsys.errors import RecsysError
from recsys.model import Recommender
from recsys.model_checks import verify_checksums
from recsys.model_version import ModelVersion
from recsys.registry import Registry
from recsys.storage import LOGGED_FOLDER, load_model

N_PROBES = 50


def problem_of_model(model: Recommender) -> str:
    """Return what is wrong with the model's answers, in one sentence; empty when nothing is.

    Asked are a user without a history, users who like one of the best-known movies each, and one who likes them all.
    """
    if model.catalog.n_items < 2:
        return f"the catalog holds {model.catalog.n_items} movies"
    best_known = np.argsort(-model.popularity, kind="stable")[:N_PROBES]
    ids = model.catalog.movie_ids[best_known].tolist()
    for liked in ([], *([movie_id] for movie_id in ids), ids[: max(1, len(ids) // 2)]):
        answer = model.recommend(liked, n=10)
        shown = set(model.catalog.movie_ids[answer.item_indices].tolist())
        wanted = min(10, model.catalog.n_items - len(liked))
        if len(shown) != wanted:
            return f"a user who likes {len(liked)} movies gets {len(shown)} different movies instead of {wanted}"
        if shown & set(liked):
            return f"a user who likes movie {min(shown & set(liked))} gets it recommended"
        if not np.isfinite(answer.scores).all():
            return f"a user who likes {len(liked)} movies gets a score that is no number"
    return ""


def problem_of_version(registry: Registry, version: ModelVersion) -> str:
    """Return why a version cannot be served, in one sentence; empty when it can.

    Its signature has to be right, and its files to be there, to be those that were registered, and to answer.
    """
    try:
        registry.check_signature(version)
        with tempfile.TemporaryDirectory() as scratch:
            folder = registry.download(version, Path(scratch))
            verify_checksums(folder, version)
            model, _ = load_model(folder / LOGGED_FOLDER)
            return problem_of_model(model)
    except (RecsysError, OSError) as error:
        return str(error)
