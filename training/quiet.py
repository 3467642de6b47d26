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


def leave_busy_cores_alone() -> None:
    """Give linear algebra as many threads as cores are idle; to be called before NumPy is imported.

    The threads of OpenBLAS wait for each other by spinning: on two cores with a load of 17, a fit of MovieLens 100K
    took 147 s with two threads, and 9 s with one.
    """
    idle = (os.cpu_count() or 1) - round(os.getloadavg()[0])
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, str(max(1, idle)))
