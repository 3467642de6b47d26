"""What the registry says of a version, beside what MLflow does to its files."""

from pathlib import Path

import mlflow.artifacts
from model_stores import add_version, make_store, recipe

from recsys.alias.tag_names import read_tag
from recsys.checksums import ADDED_BY_MLFLOW
from recsys.data.dataset import Dataset
from recsys.model_checks import SIZE_TAG


def test_size_of_a_version_is_as_registered_after_mlflow_has_loaded_it(tmp_path: Path, tiny: Dataset) -> None:
    """MLflow leaves a note beside files that it reads where the store keeps them."""
    registry = make_store(tmp_path)
    add_version(registry, tiny, recipe("item-knn"), ndcg_at_10=0.3)
    version = registry.version(1)
    registered = read_tag(version.tags, SIZE_TAG)
    assert str(registry.size_of(version.uri)) == registered
    fetched = mlflow.artifacts.download_artifacts(version.uri, tracking_uri=registry.tracking_uri)
    assert {name for name in ADDED_BY_MLFLOW if Path(fetched, name).exists()} == ADDED_BY_MLFLOW
    assert str(registry.size_of(version.uri)) == registered
