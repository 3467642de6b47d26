"""Follows the pointer of the model cache, in a worker."""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from loguru import logger

from serving.shared.cached_version import CachedVersion, is_withdrawn
from serving.shared.model_cache import ModelCache
from serving.shared.published_traffic import PublishedTraffic, read_published
from serving.worker.context import NO_MODEL
from serving.worker.hidden_movies import HiddenMovies
from serving.worker.loaded_model import CopyId, LoadedModel, copy_id_of, load_cached_version
from serving.worker.traffic.split import Split

LOOK_SECONDS = 0.25
"""How often the pointer is looked at; all workers serve a new version well within two seconds."""

RETRY_SECONDS = 1.0
"""How often it is tried again to load what could not be loaded."""

KEPT_MODELS = 3
"""The model that is served, the Challenger and the one before stay in memory, so that a rollback loads nothing."""

Mark = tuple[int, int, int]


class ServedModel:
    """The model that is served now, and the watch for the next.

    Parameters
    ----------
    cache
        The model cache.
    hidden
        The movies that may not be shown; None for none.
    check_files
        Compare checksums before anything is loaded; for a worker that takes the place of one that has died.
    """

    def __init__(self, cache: ModelCache, hidden: HiddenMovies | None = None, *, check_files: bool = False) -> None:
        self._cache = cache
        self._hidden = hidden or HiddenMovies(None)
        self._check_files = check_files
        self._seen: Mark | None = None
        self._failed: Mark | None = None
        self._kept: OrderedDict[tuple[str, CopyId], LoadedModel] = OrderedDict()
        self.current: LoadedModel | None = None
        self.problem: str | None = None
        """Why the version that is published cannot be loaded, None when it can."""
        self.split: Split | None = None
        """Who gets which of two versions; None when Production answers everyone. It holds both, so that a request that
        reads it once is answered by versions that were published together."""
        self.split_problem: str | None = None
        """Why the Challenger that is published cannot be loaded, None when it can."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="watch")

    def current_or_first(self) -> LoadedModel | None:
        """Return the model that is served; the first is loaded at once, as soon as it is published.

        So no worker answers that there is no model after another has answered from it.
        """
        if self.current is None and self._mark() != self._failed:
            self.refresh()
        return self.current

    def version(self) -> str:
        """Return the version that is served, as the header carries it."""
        return self.current.version if self.current else NO_MODEL

    def refresh(self) -> None:
        """Load what the pointer says if it has changed; what cannot be loaded leaves all as it is, until it can be."""
        mark = self._mark()
        if mark is None or mark == self._seen:
            return
        published = read_published(self._cache.pointer)
        if published is None:
            if is_withdrawn(self._cache.pointer):
                self._let_go(mark)
            return
        try:
            loaded = self._loaded(published.version)
        except Exception as error:  # noqa: BLE001  files that are harmed, though none has noticed it yet, may raise anything
            self.problem = f"version {published.version.version} cannot be loaded: {error}"
            self._report(self.problem, mark)
            return
        self.split = self._split_of(published.traffic, loaded, mark)
        before, self.current, self.problem = self.current, loaded, None
        # What could not be loaded is tried again.
        self._seen = None if self.split_problem else mark
        if before is not loaded:
            after = f" after {before.version}" if before else ""
            logger.info("serving version {} of {}{}", loaded.version, loaded.name, after)

    async def refresh_in_thread(self) -> None:
        """Refresh away from the event loop, in a thread that nothing else can hold up."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.refresh)

    async def watch(self) -> None:
        """Refresh for as long as the worker lives, away from the event loop, so that requests go on."""
        while True:
            mark = self._mark()
            await asyncio.sleep(RETRY_SECONDS if mark is not None and mark == self._failed else LOOK_SECONDS)
            if self._hidden.refresh() and self.current:
                self.current = self.current.hiding(self._hidden.ids)
                self.split = self.split and self.split.hiding(self._hidden.ids)
            if self._mark() not in (None, self._seen):
                await self.refresh_in_thread()

    def _split_of(self, traffic: PublishedTraffic | None, production: LoadedModel, mark: Mark) -> Split | None:
        """Return the split that is published; None when there is none, or when its Challenger cannot be loaded."""
        self.split_problem = None
        if traffic is None or traffic.challenger is None:
            return None
        try:
            return Split.of(traffic, production, self._loaded(traffic.challenger))
        except Exception as error:  # noqa: BLE001  as above
            version = traffic.challenger.version
            self.split_problem = f"version {version} cannot be loaded: {error}; Production answers everyone"
            self._report(self.split_problem, mark)
            return None

    def _loaded(self, published: CachedVersion) -> LoadedModel:
        """Return a model from memory, or load it; another copy of the same version is loaded again."""
        key = published.folder, copy_id_of(published, self._cache.root)
        if key not in self._kept:
            self._kept[key] = load_cached_version(published, self._cache.root, check_files=self._check_files)
        self._kept[key] = self._kept[key].hiding(self._hidden.ids)
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_MODELS:
            self._kept.popitem(last=False)
        _ = self._kept[key].titles  # made before the first search needs it
        return self._kept[key]

    def _let_go(self, mark: Mark) -> None:
        """Serve nothing, as the files of what is served are known to be altered."""
        if self.current is not None:
            logger.error("version {} is not served any more; its files have been altered", self.current.version)
        self.current, self.split, self._seen = None, None, mark
        self._kept.clear()

    def _report(self, problem: str, mark: Mark) -> None:
        """Say once what is wrong, and let the parent compare the checksums and fetch the version again."""
        is_new, self._failed = mark != self._failed, mark
        if is_new:
            logger.error("{}", problem)
            self._cache.ask_for_check()

    def _mark(self) -> Mark | None:
        try:
            found = self._cache.pointer.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
