"""The model folder: what goes in comes out, and nothing that has been touched is opened."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recsys.data import Dataset
from recsys.errors import ArtifactError
from recsys.fitting import Recipe, as_recommender, model_info
from recsys.manifest import MANIFEST
from recsys.methods import get_method, make_params, method_names, neighborhoods
from recsys.model import Recommender
from recsys.storage import load_model, read_profile, save_model


def saved(method: str, dataset: Dataset, folder: Path) -> Recommender:
    recipe = Recipe(method, make_params(get_method(method), {}))
    model = as_recommender(recipe.fit(dataset), dataset)
    save_model(model, model_info(recipe, dataset), folder)
    return model


@pytest.fixture
def folder(tiny: Dataset, tmp_path: Path) -> Path:
    saved("item-knn", tiny, tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("dense_items", [5000, 0], ids=["dense", "sparse"])
@pytest.mark.parametrize("method", method_names())
def test_load_returns_what_was_saved(
    method: str, dense_items: int, tiny: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighborhoods, "DENSE_ITEMS", dense_items)
    model = saved(method, tiny, tmp_path / "model")
    loaded, info = load_model(tmp_path / "model")
    assert loaded.catalog.titles == tiny.catalog.titles
    assert loaded.rating_exponent == model.rating_exponent
    np.testing.assert_array_equal(loaded.catalog.genres, tiny.catalog.genres)
    np.testing.assert_array_equal(loaded.popularity, tiny.popularity)
    np.testing.assert_array_equal(loaded.recent_popularity.shares, model.recent_popularity.shares)
    assert loaded.recent_popularity.n_users == model.recent_popularity.n_users == 4
    for row in range(tiny.n_items):
        np.testing.assert_array_equal(loaded.item_weights.row(row), model.item_weights.row(row))
        np.testing.assert_array_equal(loaded.item_similarity.row(row), model.item_similarity.row(row))
    assert info.method == method
    assert info.dataset["digest"] == tiny.digest
    assert "numpy" in info.versions


def test_load_recency_is_the_default_of_the_method(tiny: Dataset, tmp_path: Path) -> None:
    recipe = Recipe("ease", make_params(get_method("ease"), {"recency": "0.5"}))
    save_model(recipe.recommender(tiny), model_info(recipe, tiny), tmp_path / "model")
    assert load_model(tmp_path / "model")[0].recency == 0.5


def test_load_model_stored_without_recent_popularity_falls_back_on_all_time(folder: Path, tiny: Dataset) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in ("recent_users", "recency"):
        del manifest[name]
    (folder / "recent_popularity.npy").unlink()
    del manifest["sha256"]["recent_popularity.npy"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    loaded, _ = load_model(folder)
    assert loaded.recent_popularity.shares.tolist() == (tiny.popularity / tiny.n_users).tolist()
    assert loaded.recency == 0
    assert loaded.recommend([], n=2).item_indices.tolist() == [0, 2]


def test_load_arrays_are_memory_mapped_read_only(folder: Path) -> None:
    model, _ = load_model(folder)
    values = model.item_weights.arrays["values"]
    assert isinstance(values.base, np.memmap)
    assert not values.flags.writeable


def test_save_twice_gives_the_same_bytes(folder: Path, tiny: Dataset, tmp_path: Path) -> None:
    saved("item-knn", tiny, tmp_path / "again")
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_save_into_a_folder_with_files_is_refused(folder: Path, tiny: Dataset) -> None:
    with pytest.raises(ArtifactError, match="is not empty"):
        saved("item-knn", tiny, folder)


def test_load_every_altered_file_is_refused(folder: Path) -> None:
    for path in [*sorted(folder.glob("*.npy")), folder / "movies.csv"]:
        original = path.read_bytes()
        path.write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
        with pytest.raises(ArtifactError, match=f"{path.name} has been altered"):
            load_model(folder)
        path.write_bytes(original)


def test_load_missing_file_is_named(folder: Path) -> None:
    (folder / "popularity.npy").unlink()
    with pytest.raises(ArtifactError, match=r"popularity\.npy is missing"):
        load_model(folder)


def test_load_pickled_array_is_never_unpickled(folder: Path) -> None:
    np.save(folder / "popularity.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(ArtifactError, match="cannot be opened"):
        load_model(folder, verify=False)


def test_load_unknown_format_says_what_to_do(folder: Path) -> None:
    manifest = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**manifest, "format_version": 99}))
    with pytest.raises(ArtifactError, match="format version 99, but this release reads 1 and 2; train the model again"):
        load_model(folder)


def test_load_broken_manifest_is_named(folder: Path) -> None:
    (folder / "model.json").write_text("{")
    with pytest.raises(ArtifactError, match="is not JSON"):
        load_model(folder)


def test_load_folder_without_manifest_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"holds no model\.json"):
        load_model(tmp_path)


def test_load_version_1_of_the_format_still_works(folder: Path, tiny: Dataset) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    assert manifest["format_version"] == 2
    (folder / MANIFEST).write_text(json.dumps({**manifest, "format_version": 1}))
    loaded, _ = load_model(folder)
    assert len(loaded.recommend([10], [5]).item_indices) == tiny.n_items - 1


@pytest.mark.parametrize("read", [load_model, lambda folder: load_model(folder, verify=False), read_profile])
@pytest.mark.parametrize("name", [MANIFEST, "popularity.npy", "movies.csv", "one more"])
def test_load_pipe_among_the_files_is_refused_and_never_waited_for(
    folder: Path, read: Callable[[Path], object], name: str
) -> None:
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    errors: list[Exception] = []

    def try_it() -> None:
        try:
            read(folder)
        except ArtifactError as error:
            errors.append(error)

    reading = threading.Thread(target=try_it, daemon=True)
    reading.start()
    reading.join(120)
    assert not reading.is_alive(), "it waits for somebody who writes"
    assert f"{name} is neither a file nor a folder" in str(errors)
