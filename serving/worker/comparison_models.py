"""Versions beside the served one, in a worker: memory-mapped when they are first asked for, and few at a time."""

import asyncio
from collections import OrderedDict

from recsys.errors import ArtifactError, ModelUnavailableError, RegistryError
from serving.shared.cached_version import CachedVersion
from serving.shared.comparison_files import KEPT_COMPARISONS, ComparisonFiles, State
from serving.shared.model_cache import ModelCache
from serving.shared.version_list import VersionList, read_version_list
from serving.worker.errors import UnknownVersionError, VersionLoadingError
from serving.worker.hidden_movies import HiddenMovies
from serving.worker.loaded_model import CopyId, LoadedModel, copy_id_of, load_cached_version


class ComparisonModels:
    """Models of versions that the parent has downloaded; at most `KEPT_COMPARISONS` are held.

    Parameters
    ----------
    cache
        The model cache.
    hidden
        The movies that may not be shown.
    """

    def __init__(self, cache: ModelCache, hidden: HiddenMovies) -> None:
        self._hidden = hidden
        self.files = ComparisonFiles(cache)
        self._cache_root = cache.root
        self._held: OrderedDict[tuple[str, CopyId], LoadedModel] = OrderedDict()
        self._loading = asyncio.Lock()

    def version_list(self) -> VersionList:
        """Return the registered versions, as the parent last saw them."""
        return read_version_list(self.files.list)

    def ask_for(self, version: int, served: LoadedModel | None) -> tuple[State, str | None]:
        """Ask for a version if it is not there, and return how far it is and what is wrong with it, if something is.

        Raises
        ------
        UnknownVersionError
            When the registry does not list it.
        RegistryError
            When the registry has not been reached yet.
        ModelUnavailableError
            When the disk takes nothing.
        """
        if served is not None and served.version == str(version):
            return "served", None
        listed = self.version_list()
        if listed.as_of is None:
            raise RegistryError("the registry has not been reached yet, so its versions are not known; try again soon")
        if listed.find(version) is None:
            raise UnknownVersionError(f"version {version} is not registered; GET /versions lists those that are")
        try:
            self.files.want(version)
        except OSError as error:
            raise ModelUnavailableError(f"{error}; versions are asked for by files in the model cache") from None
        return self.files.state(version)

    async def get(self, version: int, served: LoadedModel | None) -> LoadedModel:
        """Return the model of a version; never waits for a download.

        Raises
        ------
        VersionLoadingError
            When the parent is still at it.
        ArtifactError
            When it was refused.
        UnknownVersionError, RegistryError
            As `ask_for`.
        """
        state, problem = self.ask_for(version, served)
        if state == "served" and served is not None:
            return served
        if state == "refused":
            raise ArtifactError(str(problem))
        extra = self.files.get(version)
        if extra is None or extra.published is None:
            raise VersionLoadingError(f"version {version} is being fetched; try again in a moment")
        async with self._loading:
            try:
                return await self._held_or_loaded(extra.published)
            except OSError as error:
                raise ArtifactError(f"version {version} cannot be loaded: {error}; it is fetched again") from None

    async def _held_or_loaded(self, published: CachedVersion) -> LoadedModel:
        key = published.folder, copy_id_of(published, self._cache_root)
        model = self._held.get(key)
        if model is None:
            # Away from the event loop, so that normal requests go on.
            model = await asyncio.to_thread(load_cached_version, published, self._cache_root, check_files=True)
        model = self._held[key] = model.hiding(self._hidden.ids)
        self._held.move_to_end(key)
        while len(self._held) > KEPT_COMPARISONS:
            self._held.popitem(last=False)
        return model
