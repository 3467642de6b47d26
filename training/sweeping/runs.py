"""The study in the tracking database: each trial is a nested run, from which a later sweep reads it back.

Optuna's own tables cannot lie in MLflow's database, since both keep their version in a table ``alembic_version``. The
runs hold all that a study needs, and a sweep can so be resumed through a tracking server as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from recsys.errors import ParameterError
from recsys.fitting import Recipe
from training.abandoned import process_tags
from training.naming import trial_name
from training.sweeping.study import PastTrial

STUDY_TAG = "sweep.study"
TRIAL_TAG = "sweep.trial"
PRUNED_TAG = "sweep.pruned"
VALUE = "validation_ndcg_at_10"
FOLD_VALUE = "fold_ndcg_at_10"


@dataclass(frozen=True)
class TrialRuns:
    """The nested runs of a sweep.

    Attributes
    ----------
    client, experiment_id, parent_run_id
        Where they are written.
    study
        The name that ties them together.
    """

    client: MlflowClient
    experiment_id: str
    parent_run_id: str
    study: str

    def start(self, number: int, recipe: Recipe) -> str:
        """Begin the run of a trial and return its id."""
        tags = {
            MLFLOW_PARENT_RUN_ID: self.parent_run_id,
            MLFLOW_RUN_NAME: trial_name(number, recipe),
            STUDY_TAG: self.study,
            TRIAL_TAG: str(number),
            **process_tags(),
        }
        run_id: str = self.client.create_run(self.experiment_id, tags=tags).info.run_id
        for name, value in {"method": recipe.method, **recipe.params.model_dump(mode="json")}.items():
            self.client.log_param(run_id, name, value)
        return run_id

    def log_fold(self, run_id: str, fold: int, value: float) -> None:
        """Log the value of one fold."""
        self.client.log_metric(run_id, FOLD_VALUE, value, step=fold)

    def finish(self, run_id: str, value: float, *, pruned: bool) -> None:
        """End the run of a trial with its mean over the folds that it was given."""
        self.client.log_metric(run_id, VALUE, value)
        if pruned:
            self.client.set_tag(run_id, PRUNED_TAG, "true")
        self.client.set_terminated(run_id, "FINISHED")

    def fail(self, run_id: str) -> None:
        """End the run of a trial that has failed."""
        self.client.set_terminated(run_id, "FAILED")

    def adopt_past(self, protocol: Mapping[str, str]) -> list[PastTrial]:
        """Return the finished trials of the same study, and make them nested runs of this parent.

        Raises
        ------
        ParameterError
            When the study was held on other data, another split or other folds.
        """
        past = []
        for parent in self._former_parents():
            different = [name for name, value in protocol.items() if parent.data.params.get(name, value) != value]
            if different:
                raise ParameterError(
                    f"study {self.study} was held with another {different[0]} ({parent.data.params[different[0]]}); "
                    "name another --study"
                )
            for child in self._children(parent):
                self.client.set_tag(child.info.run_id, MLFLOW_PARENT_RUN_ID, self.parent_run_id)
                if child.info.status == "FINISHED" and VALUE in child.data.metrics:
                    past.append(self._past_trial(child))
            self.client.delete_run(parent.info.run_id)
        return past

    def _former_parents(self) -> list[Run]:
        text = f"tags.`{STUDY_TAG}` = '{self.study}'"
        runs = self.client.search_runs([self.experiment_id], text, max_results=1000)
        parents = [run for run in runs if TRIAL_TAG not in run.data.tags]
        return [run for run in parents if run.info.run_id != self.parent_run_id]

    def _children(self, parent: Run) -> list[Run]:
        text = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent.info.run_id}'"
        order = ["attributes.start_time ASC"]
        return list(self.client.search_runs([self.experiment_id], text, max_results=10_000, order_by=order))

    def _past_trial(self, child: Run) -> PastTrial:
        history = self.client.get_metric_history(child.info.run_id, FOLD_VALUE)
        return PastTrial(
            params=child.data.params,
            value=child.data.metrics[VALUE],
            fold_values=tuple(metric.value for metric in sorted(history, key=lambda metric: metric.step)),
            pruned=PRUNED_TAG in child.data.tags,
        )
