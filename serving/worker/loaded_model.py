"""The model that answers: loaded once from the cache, never changed, replaced as a whole."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from recsys.catalog import Catalog
from recsys.checksums import tree_sha256
from recsys.errors import ArtifactError
from recsys.manifest import MANIFEST
from recsys.model import Recommender
from recsys.storage import LOGGED_FOLDER, ModelInfo, load_model, read_profile
from serving.shared.cached_version import CachedVersion, utc_now
from serving.worker.titles import TitleIndex

CopyId = tuple[int, int]


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """One version of the model with all that is needed to answer from it.

    Attributes
    ----------
    recommender, info
        The model and where it comes from.
    name, version, run_id
        As the registry knows it; the version as text, as headers carry it.
    folder
        Where its artifacts lie.
    artifact_sha256
        What the sum of its artifacts has to be.
    copy_id
        What tells this copy on the disk from another of the same version that is fetched later.
    loaded_at
        When this process loaded it, ISO 8601, UTC.
    hidden_ids
        The movies that it never shows.
    """

    recommender: Recommender
    info: ModelInfo
    name: str
    version: str
    run_id: str
    folder: Path
    artifact_sha256: str
    copy_id: CopyId
    loaded_at: str
    hidden_ids: frozenset[int] = frozenset()

    def check_files(self) -> None:
        """Compare the sum of its artifacts; `ArtifactError` when they are not those that were published."""
        _compare(self.folder, self.artifact_sha256, self.version)

    def hiding(self, movie_ids: frozenset[int]) -> "LoadedModel":
        """Return the same model, which never shows these movies."""
        if movie_ids == self.hidden_ids:
            return self
        other = replace(self, recommender=self.recommender.hiding(movie_ids), hidden_ids=movie_ids)
        # What has been derived from the catalog stays as it is; the index of titles takes long to make.
        vars(other).update({name: vars(self)[name] for name in ("titles", "movie_ids", "years") if name in vars(self)})
        return other

    @cached_property
    def answer_key(self) -> tuple[str, frozenset[int]]:
        """Return what tells the answers of this model from those of all others."""
        return self.key, self.hidden_ids

    @property
    def key(self) -> str:
        """Return what tells this model from all others: its number, the sum of its artifacts, and which copy it is."""
        return f"{self.folder.name}-{'-'.join(map(str, self.copy_id))}"

    @property
    def catalog(self) -> Catalog:
        """Return the movies."""
        return self.recommender.catalog

    @cached_property
    def newest_rating(self) -> int | None:
        """Return the time of the newest rating that it was trained on, Unix time; None where that is not on record."""
        try:
            profile = read_profile(self.folder / LOGGED_FOLDER)
        except ArtifactError:
            return None
        return profile.newest if profile else None

    @cached_property
    def titles(self) -> TitleIndex:
        """Return the index of the search; made when first needed, as a version for comparison is never searched."""
        return TitleIndex(self.recommender.catalog, self.recommender.popularity)

    @cached_property
    def movie_ids(self) -> list[int]:
        """Return the ids of all rows as Python numbers, which are quicker to render."""
        ids: list[int] = self.catalog.movie_ids.tolist()
        return ids

    @cached_property
    def years(self) -> list[int | None]:
        """Return the years of all rows, None where the year is unknown."""
        return [year or None for year in self.catalog.years.tolist()]


def copy_id_of(published: CachedVersion, cache_root: Path) -> CopyId:
    """Return what tells the copy of a version that lies in the cache now from any other."""
    found = (cache_root / published.folder / LOGGED_FOLDER / MANIFEST).stat()
    return found.st_ino, found.st_mtime_ns


def load_cached_version(published: CachedVersion, cache_root: Path, *, check_files: bool = False) -> LoadedModel:
    """Return the published version, its arrays memory-mapped.

    Parameters
    ----------
    check_files
        Compare its checksum first, and not rely on the parent, which has compared it before it was published.

    Raises
    ------
    ArtifactError
        When its files are not those that were published, or cannot be read.
    """
    folder = cache_root / published.folder
    copy_id = copy_id_of(published, cache_root)
    if check_files:
        _compare(folder, published.artifact_sha256, published.version)
    recommender, info = load_model(folder / LOGGED_FOLDER, verify=False)
    return LoadedModel(
        recommender=recommender,
        info=info,
        name=published.name,
        version=str(published.version),
        run_id=published.run_id,
        folder=folder,
        artifact_sha256=published.artifact_sha256,
        copy_id=copy_id,
        loaded_at=utc_now(),
    )


def _compare(folder: Path, artifact_sha256: str, version: int | str) -> None:
    if tree_sha256(folder) != artifact_sha256:
        raise ArtifactError(f"the files of version {version} in the cache have been altered")
