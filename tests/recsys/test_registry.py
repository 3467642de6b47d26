"""What the registry says of a version, beside what MLflow does to its files."""

from pathlib import Path
from types import SimpleNamespace

import mlflow.artifacts
import pytest
from mlflow.entities import FileInfo
from model_stores import add_version, make_store, recipe

from recsys.alias.tag_names import read_tag
from recsys.checksums import ADDED_BY_MLFLOW
from recsys.data.dataset import Dataset
from recsys.errors import ArtifactError
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


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ([FileInfo("a", is_dir=False, file_size=-1)], "'a' has the size -1"),
        ([FileInfo("a", is_dir=False, file_size="many")], "'a' has the size 'many'"),  # type: ignore[arg-type]
        ([FileInfo("a", is_dir=False, file_size=1.5)], "'a' has the size 1.5"),  # type: ignore[arg-type]
        ([None], "no attribute"),
        (7, "not iterable"),
    ],
)
def test_size_of_a_list_that_makes_no_sense_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: object, said: str
) -> None:
    store = SimpleNamespace(list_artifacts=lambda _: listed)
    monkeypatch.setattr("recsys.registry.get_artifact_repository", lambda *_, **__: store)
    with pytest.raises(ArtifactError, match=f"what the artifact store answers about models:/x/1 makes no.*{said}"):
        make_store(tmp_path).size_of("models:/x/1")
