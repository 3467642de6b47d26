"""The model that answers: loaded once from the cache, never changed, replaced as a whole."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from recsys.catalog import Catalog
from recsys.model import Recommender
from recsys.storage import LOGGED_FOLDER, ModelInfo, load_model
from serving.shared.cached_version import CachedVersion, utc_now
from serving.worker.titles import TitleIndex


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
    loaded_at
        When this process loaded it, ISO 8601, UTC.
    """

    recommender: Recommender
    info: ModelInfo
    name: str
    version: str
    run_id: str
    folder: Path
    loaded_at: str

    @property
    def key(self) -> str:
        """Return what tells this version from all others: its number and the sum of its artifacts."""
        return self.folder.name

    @property
    def catalog(self) -> Catalog:
        """Return the movies."""
        return self.recommender.catalog

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


def load_cached_version(published: CachedVersion, cache_root: Path) -> LoadedModel:
    """Return the published version, its arrays memory-mapped; the sync has compared its checksums before."""
    folder = cache_root / published.folder
    recommender, info = load_model(folder / LOGGED_FOLDER, verify=False)
    return LoadedModel(
        recommender=recommender,
        info=info,
        name=published.name,
        version=str(published.version),
        run_id=published.run_id,
        folder=folder,
        loaded_at=utc_now(),
    )
