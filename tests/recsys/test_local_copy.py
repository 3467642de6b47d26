"""Copying a model out of a local store gives what MLflow would download, and leaves to MLflow what it has to judge."""

from pathlib import Path

import pytest
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from model_stores import add_version, make_store, recipe

from recsys.data import Dataset
from recsys.errors import RegistryError
from recsys.local_copy import STAGED, copy_if_local
from recsys.model_checks import verify_checksums
from recsys.registry import Registry


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with files on two levels and an empty folder."""
    folder = tmp_path / "a store with%20 spaces"
    (folder / "code" / "empty").mkdir(parents=True)
    (folder / "MLmodel").write_bytes(b"\x00\xff")
    (folder / "code" / "module.py").write_text("pass\n", encoding="utf-8")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return the content of all files by name, None for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def test_copy_of_a_local_store_is_what_mlflow_downloads(source: Path, target: Path, tmp_path: Path) -> None:
    store = get_artifact_repository(source.as_uri())
    assert copy_if_local(store, target)
    by_mlflow = tmp_path / "by mlflow"
    by_mlflow.mkdir()
    store.download_artifacts("", str(by_mlflow))
    assert tree(target) == tree(by_mlflow) == tree(source)


def test_copy_leaves_out_what_mlflow_is_still_writing(source: Path, target: Path) -> None:
    (source / "code" / f"{STAGED}1234").write_bytes(b"half")
    assert copy_if_local(get_artifact_repository(source.as_uri()), target)
    assert set(tree(target)) == {"MLmodel", "code", "code/module.py", "code/empty"}


def test_copy_of_a_folder_without_write_permission_can_be_removed(source: Path, target: Path) -> None:
    (source / "code").chmod(0o555)
    try:
        assert copy_if_local(get_artifact_repository(source.as_uri()), target)
    finally:
        (source / "code").chmod(0o755)
    assert (target / "code").stat().st_mode & 0o200


@pytest.mark.parametrize("where", ["MLmodel", "code", "outside", "nowhere"])
def test_copy_of_a_store_with_a_link_is_left_to_mlflow(source: Path, target: Path, tmp_path: Path, where: str) -> None:
    (tmp_path / "outside").write_text("secret", encoding="utf-8")
    within = source / where
    (source / "code" / "link").symlink_to(within if within.exists() else tmp_path / where)
    assert not copy_if_local(get_artifact_repository(source.as_uri()), target)
    assert tree(target) == {}


def test_copy_of_no_folder_is_left_to_mlflow(target: Path, tmp_path: Path) -> None:
    assert not copy_if_local(get_artifact_repository((tmp_path / "missing").as_uri()), target)
    remote = get_artifact_repository("mlflow-artifacts:/1", tracking_uri="http://127.0.0.1:9")
    assert not copy_if_local(remote, target)
    assert tree(target) == {}


@pytest.fixture
def registry(tmp_path: Path, tiny: Dataset) -> Registry:
    """Return a registry with one version."""
    made = make_store(tmp_path)
    add_version(made, tiny, recipe("item-knn"), ndcg_at_10=0.3)
    return made


def test_download_of_a_version_and_of_its_logged_model_hold_what_was_registered(
    registry: Registry, tmp_path: Path
) -> None:
    version = registry.version(1)
    assert version.source.startswith("models:/m-")
    for number, fetched in enumerate(
        (registry.download(version, tmp_path / "1" / "new"), registry.download_uri(version.source, tmp_path / "2"))
    ):
        verify_checksums(fetched, version)
        assert (fetched / "MLmodel").is_file(), number


def test_download_through_a_link_to_a_file_of_others_is_refused(registry: Registry, tmp_path: Path) -> None:
    (stored,) = tmp_path.glob("artifacts/**/MLmodel")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    stored.unlink()
    stored.symlink_to(tmp_path / "secret")
    with pytest.raises(RegistryError, match="outside the artifact directory"):
        registry.download(registry.version(1), tmp_path / "fetched")
