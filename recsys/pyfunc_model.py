"""What MLflow runs to load a registered model (models-from-code); `recsys.pyfunc` can be imported without effect."""

import mlflow

from recsys.pyfunc import RecommenderPyfunc

mlflow.models.set_model(RecommenderPyfunc())
