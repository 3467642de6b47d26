"""Keep libraries from saying what a user cannot act on."""

import logging
import os
import warnings


def quiet_libraries() -> None:
    """Mute progress bars of small files, migration logs, and warnings from within MLflow's own dependencies.

    Errors, and warnings that concern this project's code or its data, still appear.
    """
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(mlflow|sqlalchemy|alembic)\.")
    # MLflow compares columns with a range, which pandas 4 will read otherwise; to be fixed in MLflow.
    warnings.filterwarnings("ignore", message="Operation with range is deprecated")
    # MLflow asks SQLAlchemy for a loader strategy that SQLAlchemy is about to drop; to be fixed in MLflow.
    warnings.filterwarnings("ignore", message="The ``noload`` loader strategy")
    # The logged rating table has no missing values.
    warnings.filterwarnings("ignore", message="Hint: Inferred schema contains integer column")
    for name in ("alembic", "mlflow.store.db.utils", "mlflow.tracking._model_registry.client", "mlflow.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
