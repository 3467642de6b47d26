"""Follows the pointer of the model cache, in a worker."""

import asyncio
from pathlib import Path

from loguru import logger

from recsys.errors import RecsysError
from serving.shared.cached_version import read_pointer
from serving.worker.loaded_model import LoadedModel, load_cached_version

LOOK_SECONDS = 0.25
"""How often the pointer is looked at; all workers serve a new version well within two seconds."""

Mark = tuple[int, int, int]


class ServedModel:
    """The model that is served now, and the watch for the next.

    Parameters
    ----------
    pointer
        The pointer file of the model cache.
    cache_root
        The cache folder.
    """

    def __init__(self, pointer: Path, cache_root: Path) -> None:
        self._pointer = pointer
        self._cache_root = cache_root
        self._seen: Mark | None = None
        self._failed: Mark | None = None
        self.current: LoadedModel | None = None

    def current_or_first(self) -> LoadedModel | None:
        """Return the model that is served; the first is loaded at once, as soon as it is published.

        So no worker answers that there is no model after another has answered from it.
        """
        if self.current is None:
            self.refresh()
        return self.current

    def refresh(self) -> None:
        """Load what the pointer says if it has changed; what cannot be loaded leaves all as it is, until it can be."""
        mark = self._mark()
        if mark is None or mark == self._seen:
            return
        published = read_pointer(self._pointer)
        if published is None:
            return
        try:
            loaded = load_cached_version(published, self._cache_root)
            _ = loaded.titles  # made before the first search needs it
        except (RecsysError, OSError, ValueError) as error:
            if mark != self._failed:
                logger.error("version {} cannot be loaded: {}", published.version, error)
            self._failed = mark
            return
        before, self.current, self._seen = self.current, loaded, mark
        logger.info(
            "serving version {} of {}{}", loaded.version, loaded.name, f" after {before.version}" if before else ""
        )

    async def watch(self) -> None:
        """Refresh for as long as the worker lives, away from the event loop, so that requests go on."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._mark() not in (None, self._seen):
                await asyncio.to_thread(self.refresh)

    def _mark(self) -> Mark | None:
        try:
            found = self._pointer.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
