"""The model folder: plain arrays, a table of movies, and ``model.json`` with a checksum of each.

::

    model.json                     format, method, parameters, dataset, versions, sha256 of every other file
    movies.csv                     movie_id, title, year, genres, imdb_url; UTF-8
    popularity.npy                 int64, (n_items,)
    data_profile.json              what its ratings looked like, see `recsys.drift.profile`; missing in older models
    recent_popularity.npy          float32, (n_items,), shares of recent users; missing in older models
    item_weights.values.npy        float32, (n_items, n_items)
    item_weights.data.npy, .indices.npy, .indptr.npy         the same as CSR, of a large catalog
    item_weights.factors.npy, .order.npy, .row_scale.npy     or as factors: `recsys.item_factors.FactorItemMatrix`
    item_similarity.*              likewise; missing where it is the same matrix
    item_similarity.factors.npy, .content.npy                or as factors: `recsys.item_factors.FactorSimilarity`

Version 1 of the format knew no factors; it is read as well.

Nothing is pickled, and arrays are opened memory-mapped, so that processes share their pages.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.checksums import sha256_of
from recsys.drift.profile import DataProfile
from recsys.errors import ArtifactError
from recsys.item_matrix import ItemMatrix, matrix_from_arrays
from recsys.manifest import FORMAT_VERSION, MANIFEST, read_manifest, verify_files
from recsys.model import Recommender
from recsys.movies_csv import read_movies, write_movies
from recsys.recency import RecentPopularity, all_time_popularity

LOGGED_FOLDER = Path("artifacts") / "recommender"
"""Where the model folder lies within a model that MLflow has logged."""
MOVIES = "movies.csv"
PROFILE = "data_profile.json"
RECENT_POPULARITY = "recent_popularity.npy"


@dataclass(frozen=True)
class ModelInfo:
    """Where a model comes from, as ``model.json`` keeps it.

    Attributes
    ----------
    method, params
        Name and parameters of the similarity method.
    dataset
        ``name``, ``digest``, ``n_users``, ``n_items``, ``n_ratings`` of what it was fitted on.
    versions
        Versions of the libraries that fitted it.
    """

    method: str
    params: dict[str, Any]
    dataset: dict[str, Any]
    versions: dict[str, str]


def save_model(recommender: Recommender, info: ModelInfo, folder: Path, *, profile: DataProfile | None = None) -> None:
    """Write the model into a new or empty folder; the same model gives the same bytes.

    Parameters
    ----------
    profile
        Of the data that it was fitted on.

    Raises
    ------
    ArtifactError
        When the folder is not empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ArtifactError(f"{folder} is not empty; save a model into a new folder")
    write_movies(recommender.catalog, folder / MOVIES)
    if profile is not None:
        (folder / PROFILE).write_text(json.dumps(profile.as_json(), indent=1) + "\n", encoding="utf-8")
    np.save(folder / "popularity.npy", recommender.popularity.astype(np.int64))
    recent = recommender.recent_popularity
    np.save(folder / RECENT_POPULARITY, recent.shares.astype(np.float32))
    _write_matrix(recommender.item_weights, "item_weights", folder)
    shared = recommender.item_similarity is recommender.item_weights
    if not shared:
        _write_matrix(recommender.item_similarity, "item_similarity", folder)
    manifest = {
        "format_version": FORMAT_VERSION,
        "method": info.method,
        "params": info.params,
        "dataset": info.dataset,
        "versions": info.versions,
        "rating_exponent": recommender.rating_exponent,
        "recent_users": recent.n_users,
        "recency": recommender.recency,
        "genre_names": list(recommender.catalog.genre_names),
        "similarity_is_weights": shared,
        "sha256": {path.name: sha256_of(path) for path in sorted(folder.iterdir())},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_model(folder: Path, *, verify: bool = True) -> tuple[Recommender, ModelInfo]:
    """Return the model of a folder, its arrays memory-mapped read-only.

    Parameters
    ----------
    verify
        Compare every file with its checksum first. Only who has done so already may pass False.

    Raises
    ------
    ArtifactError
        When the folder holds no model, one of another format, or a file that is missing or altered.
    """
    _refuse_what_blocks(folder)
    manifest = read_manifest(folder)
    if verify:
        verify_files(folder, manifest["sha256"])
    catalog = read_movies(folder / MOVIES, tuple(manifest["genre_names"]))
    weights = _open_matrix("item_weights", folder, manifest["sha256"])
    shared = manifest["similarity_is_weights"]
    similarity = weights if shared else _open_matrix("item_similarity", folder, manifest["sha256"])
    popularity = _open_array(folder / "popularity.npy")
    if not len(popularity) == weights.n_items == similarity.n_items == catalog.n_items:
        raise ArtifactError(f"the files of {folder} are of different catalogs; train the model again")
    info = ModelInfo(manifest["method"], manifest["params"], manifest["dataset"], manifest["versions"])
    recommender = Recommender(
        catalog,
        popularity,
        weights,
        similarity,
        rating_exponent=float(manifest["rating_exponent"]),
        recent=_open_recent(folder, manifest, popularity),
        recency=float(manifest.get("recency", 0)),
    )
    return recommender, info


def read_profile(folder: Path) -> DataProfile | None:
    """Return the profile of the data that the model of a folder was fitted on; None of models that have none.

    Raises
    ------
    ArtifactError
        When it is damaged, or of a format that this release does not read.
    """
    _refuse_what_blocks(folder)
    try:
        fields = json.loads((folder / PROFILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ArtifactError(f"{folder / PROFILE} is not JSON ({error}); train the model again") from None
    return DataProfile.from_json(fields)


def _refuse_what_blocks(folder: Path) -> None:
    """Raise `ArtifactError` for a pipe or a device among the files: whoever opens it waits for ever."""
    for path in folder.glob("*"):
        if not (path.is_file() or path.is_dir()):
            raise ArtifactError(f"{path} is neither a file nor a folder; download or train the model again")


def _write_matrix(matrix: ItemMatrix, name: str, folder: Path) -> None:
    for part, array in matrix.arrays.items():
        np.save(folder / f"{name}.{part}.npy", np.ascontiguousarray(array))


def _open_matrix(name: str, folder: Path, file_names: Iterable[str]) -> ItemMatrix:
    parts = [file_name.split(".")[1] for file_name in file_names if file_name.startswith(f"{name}.")]
    return matrix_from_arrays({part: _open_array(folder / f"{name}.{part}.npy") for part in parts})


def _open_recent(folder: Path, manifest: dict[str, Any], popularity: NDArray[np.int64]) -> RecentPopularity:
    """Return what is popular lately; of a model that was stored without it, what has been popular ever."""
    if "recent_users" not in manifest:
        return all_time_popularity(popularity, int(manifest["dataset"]["n_users"]))
    shares = _open_array(folder / RECENT_POPULARITY)
    if len(shares) != len(popularity):
        raise ArtifactError(f"the files of {folder} are of different catalogs; train the model again")
    return RecentPopularity(shares, float(manifest["recent_users"]))


def _open_array(path: Path) -> NDArray[Any]:
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be opened ({error}); download or train the model again") from None
    # A plain view of the same pages: each look into a `np.memmap` costs a microsecond more.
    array: NDArray[Any] = np.asarray(mapped)
    return array
