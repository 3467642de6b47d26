"""The movies that may not be shown, in a worker: read again whenever their file changes."""

from pathlib import Path

from loguru import logger

from recsys.errors import DataError
from recsys.hidden import read_hidden
from serving.shared.atomic_files import read_json, write_json

Mark = tuple[int, int, int] | None


class HiddenMovies:
    """The ids of a file, as they were when it could last be read.

    Parameters
    ----------
    path
        The file; None hides nothing.
    kept
        Where the ids of the last good file are kept, for a worker that is started while the file is wrong.

    Raises
    ------
    DataError
        When the file cannot be read and nothing is kept: better no service than one that shows what it must not.
    """

    def __init__(self, path: Path | None, kept: Path | None = None) -> None:
        self._path = path
        self._kept = kept
        self._seen = self._mark()
        self.ids = frozenset[int]()
        if path is not None:
            self.ids = self._read_or_kept(path)

    def refresh(self) -> bool:
        """Read the file if it has changed, and return whether other movies are hidden now.

        A file that is gone or wrong leaves all as it is, as no movie may come back by an error in it; the log says so.
        """
        mark = self._mark()
        if self._path is None or mark == self._seen:
            return False
        self._seen = mark
        try:
            ids = read_hidden(self._path)
        except DataError as error:
            logger.error("{}; the {} movies hidden before stay hidden", error, len(self.ids))
            return False
        changed = ids != self.ids
        if changed:
            logger.info("{} movies are hidden by {}, {} before", len(ids), self._path, len(self.ids))
            self.ids = ids
        self._keep(ids)
        return changed

    def _read_or_kept(self, path: Path) -> frozenset[int]:
        try:
            ids = read_hidden(path)
        except DataError as error:
            kept = read_json(self._kept) if self._kept else None
            if kept is None:
                raise
            ids = frozenset(kept["movie_ids"])
            logger.error("{}; the {} movies hidden before stay hidden", error, len(ids))
            return ids
        self._keep(ids)
        return ids

    def _keep(self, ids: frozenset[int]) -> None:
        content = {"movie_ids": sorted(ids)}
        if self._kept is None or read_json(self._kept) == content:
            return
        try:
            write_json(self._kept, content)
        except OSError as error:
            logger.warning("the hidden movies cannot be kept in {}: {}", self._kept, error)

    def _mark(self) -> Mark:
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return found and (found.st_mtime_ns, found.st_ino, found.st_size)
