"""What a run tells the tracking server."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models.model import ModelInfo as LoggedModelInfo

from recsys import pyfunc
from recsys.data.facts import RatingsFacts
from recsys.fitting import Recipe, model_info
from recsys.registry import Registry
from recsys.splits import SplitParams
from recsys.storage import LOGGED_FOLDER, PROFILE, save_model
from training.engine import Engine
from training.experiment import Outcome
from training.gating.verdict import Verdict
from training.logged_ratings import LoggedRatings
from training.naming import model_name
from training.reporting import plots, tables
from training.reporting.data_profile import profile_table
from training.reporting.report import render_report
from training.reporting.report_facts import with_gate

READING = "tables/reading.json"
"""What was kept, dropped and converted when the data were read."""

REPORT = "report.html"
"""The page that shows all of a run, among its artifacts."""


def log_params(dataset: RatingsFacts, recipe: Recipe, split_params: SplitParams, max_users: int | None = None) -> None:
    """Log every parameter that decides the result, and the dataset's counts.

    ``mlflow run`` has logged its own already, as they were typed: ``.250`` cannot be logged again as ``0.25``.
    """
    log_new_params(
        {
            "method": recipe.method,
            **recipe.params.model_dump(mode="json"),
            "split": split_params.strategy,
            "holdout_ratio": split_params.holdout_ratio,
            "seed": split_params.seed,
            "eval_users": max_users or "all",
            "dataset": dataset.name,
            "dataset_digest": dataset.digest,
            "n_users": dataset.n_users,
            "n_items": dataset.n_items,
            "n_ratings": dataset.n_ratings,
        }
    )


def log_reading(dataset: RatingsFacts) -> None:
    """Log as a table what the readers kept, dropped and converted; nothing for data that no file was read for."""
    if dataset.notes:
        mlflow.log_table(pd.DataFrame(map(asdict, dataset.notes)), READING)


def log_new_params(params: Mapping[str, Any]) -> None:
    """Log the parameters whose names the active run does not have yet."""
    run = mlflow.active_run()
    known = mlflow.get_run(run.info.run_id).data.params if run else {}
    mlflow.log_params({name: value for name, value in params.items() if name not in known})


def log_dataset(dataset: RatingsFacts, context: str) -> LoggedRatings:
    """Log a dataset, or a part of one, as an input of the run, and return it for metrics to refer to."""
    logged = LoggedRatings.of(dataset)
    mlflow.log_input(logged, context=context)
    return logged


def log_outcome(outcome: Outcome, method: str) -> None:
    """Log the pictures and the tables of an experiment."""
    evaluation, baseline = outcome.evaluation, outcome.baseline
    figures = {
        "metric_curves": plots.metric_curves(evaluation, baseline, method),
        "user_ndcg_histogram": plots.user_histogram(evaluation, baseline, method),
        "long_tail": plots.long_tail(evaluation, baseline, outcome.parts.train.popularity, method),
        "similarity_map": plots.similarity_map(outcome.model),
    }
    for name, figure in figures.items():
        mlflow.log_figure(figure, f"pictures/{name}.png")
    contents = {
        "metrics": tables.metrics(outcome),
        "sample_recommendations": tables.sample_recommendations(outcome.model),
        "similar_movies": tables.similar_movies(outcome.model),
        "slices": tables.slices(evaluation, baseline),
    }
    for name, table in contents.items():
        mlflow.log_table(table, f"tables/{name}.json")


def log_report(outcome: Outcome, method: str, facts: Mapping[str, str]) -> None:
    """Log the page that shows all of a run."""
    mlflow.log_text(render_report(outcome, method, facts), REPORT)


def add_gate_to_report(registry: Registry, run_id: str, verdict: Verdict) -> None:
    """Put the verdict of the gate into the report of a run, which was written before there was one."""
    client = MlflowClient(tracking_uri=registry.tracking_uri)
    with registry.registry_errors(f"the report of run {run_id}"), tempfile.TemporaryDirectory() as scratch:
        page = Path(client.download_artifacts(run_id, REPORT, scratch)).read_text(encoding="utf-8")
        client.log_text(run_id, with_gate(page, verdict), REPORT)


def log_refitted(engine: Engine, recipe: Recipe) -> tuple[LoggedModelInfo, dict[str, Any]]:
    """Fit on all ratings and log the model.

    Returns
    -------
    (logged, facts): what MLflow has logged, and ``model_bytes``, the size of the model folder.
    """
    dataset, model, profile = engine.ratings, engine.recommender(recipe), engine.profile()
    mlflow.log_dict(profile.as_json(), PROFILE)
    mlflow.log_table(profile_table(profile), "tables/data_profile.json")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / LOGGED_FOLDER.name
        save_model(model, model_info(recipe, dataset), folder, profile=profile)
        size = sum(path.stat().st_size for path in folder.iterdir())
        params = {"method": recipe.method, **recipe.params.model_dump(mode="json")}
        logged = pyfunc.log_model(folder, model, name=model_name(dataset, recipe), params=params)
    return logged, {"model_bytes": size}
