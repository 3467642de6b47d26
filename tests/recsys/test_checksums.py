import os
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.checksums import remove_added_files, tree_sha256
from recsys.errors import ArtifactError

RECORDED = "376b36b18f1ffb84585fcfda4760408deb9966a9062c5614db4fb68de274b184"
"""What the first release recorded for the tree of `tree`; registries hold such sums."""

FILES = {
    "MLmodel": "flavors: {}\n",
    "artifacts/recommender/model.json": "{}\n",
    "artifacts/recommender/Épsilon.csv": "x",
    "code/recsys/__init__.py": "",
    "a-b/x": "1",
    "a/x": "2",
    "a.b": "3",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder like that of a version."""
    for name, content in FILES.items():
        path = tmp_path / "model" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path / "model"


def test_tree_sha256_is_the_one_that_registries_hold(tree: Path) -> None:
    assert tree_sha256(tree) == RECORDED


def test_tree_sha256_does_not_depend_on_where_the_folder_lies(tree: Path, tmp_path: Path) -> None:
    assert tree_sha256(tree.rename(tmp_path / "__pycache__")) == RECORDED


@pytest.mark.parametrize(
    "name",
    [
        "registered_model_meta",
        "artifacts/registered_model_meta",
        "code/__pycache__/recsys.cpython-311.pyc",
        "__pycache__",
        ".hidden",
        "a\nb",
        "a/x ",
        "\udcff",
        "code/sitecustomize.py",
    ],
)
@pytest.mark.parametrize("content", [b"", b"x"], ids=["empty", "full"])
def test_tree_sha256_added_file_counts_whatever_its_name(tree: Path, name: str, content: bytes) -> None:
    path = tree / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert tree_sha256(tree) != RECORDED


@pytest.mark.parametrize("name", ["empty", "code/empty", "__pycache__", "registered_model_meta", "a/b/c"])
def test_tree_sha256_added_empty_folder_counts(tree: Path, name: str) -> None:
    (tree / name).mkdir(parents=True)
    assert tree_sha256(tree) != RECORDED


def test_tree_sha256_empty_folder_and_file_of_one_name_differ(tmp_path: Path) -> None:
    for kind in ("file", "folder"):
        (tmp_path / kind).mkdir()
    (tmp_path / "file" / "x").touch()
    (tmp_path / "folder" / "x").mkdir()
    assert tree_sha256(tmp_path / "file") != tree_sha256(tmp_path / "folder")


def swap(tree: Path) -> None:
    first, second = tree / "a-b" / "x", tree / "a" / "x"
    content = first.read_text()
    first.write_text(second.read_text())
    second.write_text(content)


@pytest.mark.parametrize(
    "harm",
    [
        lambda tree: (tree / "MLmodel").unlink(),
        lambda tree: (tree / "MLmodel").rename(tree / "mlmodel"),
        lambda tree: (tree / "a.b").write_text("4"),
        lambda tree: os.truncate(tree / "a.b", 0),
        lambda tree: os.truncate(tree / "a.b", 4096),
        swap,
    ],
)
def test_tree_sha256_altered_tree_has_another_sum(tree: Path, harm: Callable[[Path], object]) -> None:
    harm(tree)
    assert tree_sha256(tree) != RECORDED


@pytest.mark.parametrize(
    "add",
    [
        lambda path: path.symlink_to(os.devnull),
        lambda path: path.symlink_to("."),
        lambda path: path.symlink_to("nowhere"),
        os.mkfifo,
    ],
)
def test_tree_sha256_link_or_pipe_has_no_sum(tree: Path, add: Callable[[Path], object]) -> None:
    add(tree / "code" / "more")
    with pytest.raises(ArtifactError, match="more is neither a file nor a folder"):
        tree_sha256(tree)


def test_remove_added_files_leaves_the_models_own(tree: Path) -> None:
    (tree / "registered_model_meta").write_text("model_name: movies")
    remove_added_files(tree)
    remove_added_files(tree)
    assert tree_sha256(tree) == RECORDED
